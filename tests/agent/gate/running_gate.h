// A whole gate in this process: its server and its upstream, with a real purse, a real record and a ledger
// behind it, a simulated provider before it, and clients in threads of their own.
#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "agent/gate/gate.h"
#include "agent/identity/key_file.h"
#include "agent/identity/provider_credential.h"
#include "agent/membership/limit_terms.h"
#include "shared/base/json_text.h"
#include "shared/crypto/random.h"
#include "shared/policy/compiled.h"
#include "shared/tokens/token.h"
#include "tests/agent/purse/surroundings.h"
#include "tests/support/http_client.h"
#include "tests/support/paths.h"
#include "tests/support/provider/running_provider.h"

namespace postern::gate {

// A request on its way, and what came of it.
class RunningClient {
 public:
  RunningClient(uint16_t port, std::string request)
      : answer_(std::async(std::launch::async,
                           [this, port, bytes = std::move(request)] { return Ask(port, bytes); })) {}

  // The first words of a streamed answer have come.
  bool has_words() const { return has_words_; }
  bool is_done() const { return answer_.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }
  // All that came, up to the proper end of a chunked body.
  std::string Take() { return answer_.get(); }

 private:
  std::string Ask(uint16_t port, const std::string& request) {
    auto connection = support::RawConnection::Open({.port = port});
    if (!connection || !connection->Send(request)) return "there was no connection";
    auto begin = connection->ReadUntil("content_block_delta");
    has_words_ = begin.has_value();
    if (!begin) return begin.error().message;
    auto rest = connection->ReadUntil("\r\n0\r\n\r\n");
    return rest ? *begin + *rest : "cut off: " + rest.error().message;
  }

  std::atomic<bool> has_words_{false};
  std::future<std::string> answer_;  // last: its thread uses the above
};

// Open to the coroutines of its tests.
class RunningGate : public purse::Surroundings {
 public:
  RunningGate() {
    options_.on_progress = [this] {
      loop_->Post([this] {
        if (recorder) recorder->OnProgress();
        if (purse_) purse_->OnProgress();
      });
    };
  }
  ~RunningGate() override { End(); }

  // Of the organisation.
  static limits::Limit LimitOf(const std::string& id, limits::Unit unit, int64_t amount) {
    limits::Limit limit = purse::LimitOf(id, unit, amount);
    limit.scope = limits::Scope::kOrganisation;
    limit.subject = "";
    return limit;
  }

  void Begin(const std::vector<limits::Limit>& limits) {
    Limit(limits);
    Open();
    recorder.emplace(*loop_, *spool_);
    worker.emplace();
    resolver.emplace(*loop_, *worker);
    auto started = provider::RunningProvider::Start({});
    CHECK(started.has_value());
    provider = *std::move(started);
    gate.emplace(*loop_, *recorder, metrics, names, *worker, nullptr);
    gate->SpendFrom(*purse_);
    gate->Use(MakeSettingsWith(limits));
    server.emplace(
        *loop_, buffers, http::ServerLimits{},
        [this](http::Exchange& exchange) { return gate->Handle(exchange); },
        [this](const http::ProtocolError& error) { return gate->RenderProtocolError(error); }, nullptr);
    server->set_on_accept(
        [this](const auto& client, const auto& local) { return gate->OnAccept(client, local); });
    CHECK(server->Listen(*http::Address::Parse("127.0.0.1:0")).has_value());
  }

  void End() {
    loop_->DestroySpawned();
    server.reset();
    gate.reset();
    worker.reset();
    resolver.reset();
    recorder.reset();
    Close();
  }

  // A request whose text is a directive for the provider. `more`: further members, with a comma before each.
  std::string RequestOf(std::string_view directive, std::string_view more) const {
    const std::string body =
        R"({"model":"claude-opus-5-5","max_tokens":1000,"messages":[{"role":"user","content":)" +
        JsonString(directive) + "}]" + std::string(more) + "}";
    return support::FormatRequest("POST", "/v1/messages",
                                  {{"connection", "close"},
                                   {"content-type", "application/json"},
                                   {"anthropic-version", "2023-06-01"},
                                   {"x-postern-key", key_}},
                                  body);
  }
  uint16_t port() const { return server->addresses().front().port(); }

  std::unique_ptr<RunningClient> Ask(std::string_view directive) {
    return std::make_unique<RunningClient>(port(), RequestOf(directive, R"(,"stream":true)"));
  }

  dialect::JsonCursor json;
  Metrics metrics;
  identity::UserNames names;
  http::BufferPool buffers;
  std::optional<http::Worker> worker;
  std::optional<http::Resolver> resolver;
  std::optional<Recorder> recorder;
  std::unique_ptr<provider::RunningProvider> provider;
  std::optional<Gate> gate;
  std::optional<http::Server> server;

 private:
  std::shared_ptr<Settings> MakeSettingsWith(const std::vector<limits::Limit>& limits) {
    agent::AgentConfig config;
    config.keys = directory_ / "keys.yaml";
    config.models = support::InSource("config/models.yaml");
    config.upstream.origin = {agent::Origin::Scheme::kHttp, "127.0.0.1", provider->port()};
    MakeKey(config.keys);
    auto credential = identity::MakeHeaderLine("x-api-key", "sk-ant-test-0123456789");
    CHECK(credential.has_value());
    auto settings = MakeSettings(config, Authority::kFiles, std::optional(*std::move(credential)), *loop_,
                                 buffers, *resolver);
    CHECK(settings.has_value());
    (*settings)->policy = PolicyWith(limits);
    return *std::move(settings);
  }

  static std::shared_ptr<const membership::PolicyInForce> PolicyWith(
      const std::vector<limits::Limit>& limits) {
    wire::Policy policy;
    policy.set_format(1);
    policy.set_version(7);
    policy.mutable_defaults()->mutable_models()->set_allows_listed(true);
    policy.mutable_defaults()->mutable_models()->add_allow("claude-*");
    auto rules = policy::Compiled::Compile(policy, {});
    CHECK(rules.has_value());
    auto table = limits::Table::Make(limits, policy::Utc());
    CHECK(table.has_value());
    return std::make_shared<const membership::PolicyInForce>(
        membership::PolicyInForce{.rules = std::make_shared<const policy::Compiled>(*std::move(rules)),
                                  .version = 7,
                                  .sha256 = "",
                                  .taken = WallNow(),
                                  .limits = std::make_shared<const membership::LimitTerms>(
                                      membership::LimitTerms{.table = *std::move(table), .messages = {}})});
  }

  void MakeKey(const std::filesystem::path& file) {
    key_ = tokens::Make(tokens::Kind::kVirtualKey, crypto::RandomBytes);
    const tokens::Token parts = tokens::Parse(tokens::Kind::kVirtualKey, key_);
    identity::KeyRecord record;
    record.id.value = parts.id;
    record.secret_hash = tokens::HashSecret(parts.secret);
    record.principal = {.user = "ada", .team = "ml", .organisation = ""};
    CHECK(identity::AppendKey(file, record).has_value());
  }

  std::string key_;
};

}  // namespace postern::gate
