// Secrets in requests, seen from both sides of the gate, in the record, and in every byte that the agent
// wrote.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/base/json_text.h"
#include "shared/secrets/built_in.h"
#include "shared/secrets/samples.h"
#include "tests/end_to_end/host.h"
#include "tests/end_to_end/provider_journal.h"
#include "tests/end_to_end/record_view.h"

namespace postern::end_to_end {
namespace {

namespace fs = std::filesystem;
using support::Response;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::string_view kOpen = "organisation:\n  name: example\n  models:\n    allow: [\"claude-*\"]\n";

std::string Token(uint64_t seed) { return *secrets::FilledIn("glpat-{base64url 20}", seed); }

// Of a conversation in which this was read from a file.
std::string ReadOf(const std::string& text, const std::string& path = "/repo/.env") {
  return R"({"model":"claude-opus-5-5","max_tokens":1000,"messages":[{"role":"user","content":"read it"},)"
         R"({"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"Read","input":{"file_path":)" +
         JsonString(path) +
         R"(}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":)" +
         JsonString(text) + "}]}]}";
}

std::string Replaced(std::string text, const std::string& what, const std::string& with) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

class Secrets : public ::testing::Test {
 protected:
  Host& Begin(std::string_view policy = {}) {
    std::string config;
    if (!policy.empty())
      config =
          "policy:\n  file: " + directory_.Write("policy.yaml", std::string(kOpen) + std::string(policy)) +
          "\n";
    host_.emplace(HostOptions{.extra_config = config, .provider_arguments = {"--record-bodies"}});
    provider_.emplace(host_->provider_port());
    return *host_;
  }

  Response Ask(std::string_view body, std::string_view path = "/v1/messages") {
    const auto response = support::Fetch(host_->target(), "POST", path, host_->MessageHeaders(), body);
    EXPECT_TRUE(response);
    return response ? *response : Response{};
  }

  std::vector<std::string> Found() {
    EXPECT_EQ(host_->StopAgent().code, 0);
    return EventsOf(host_->Events(), "secret_found");
  }

  // "REDACTED_…" in it.
  static std::string PlaceholderIn(const std::string& body) {
    const size_t at = body.find("REDACTED_");
    return at == std::string::npos ? "" : body.substr(at, 29);
  }

  const support::TemporaryDirectory directory_;
  std::optional<Host> host_;
  std::optional<ProviderJournal> provider_;
};

TEST_F(Secrets, ASecretDoesNotReachTheProviderAndNothingElseChanges) {
  Begin();
  const std::string secret = Token(1);
  const std::string body = ReadOf("A=1\nGITLAB_TOKEN=\"" + secret + "\"\nB=2\n");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Ask(body).status, 200);
  EXPECT_EQ(Ask(body, "/v1/messages/count_tokens").status, 200);
  const std::string sent = provider_->Body(1);
  const std::string placeholder = PlaceholderIn(sent);
  ASSERT_THAT(placeholder, SizeIs(29)) << sent;
  EXPECT_EQ(sent, Replaced(body, secret, placeholder));
  EXPECT_EQ(provider_->Body(2), sent);
  EXPECT_EQ(provider_->Body(3), sent);
  EXPECT_GE(host_->Metric("postern_secrets_total{action=\"redact\"}"), 3);
  const auto found = Found();
  ASSERT_THAT(found, Not(IsEmpty()));
  EXPECT_THAT(found[0], HasSubstr(R"("action":"redact")"));
  EXPECT_THAT(found[0], HasSubstr(R"("part":"tool_result")"));
  EXPECT_THAT(found[0], HasSubstr(R"("tool":"Read")"));
  EXPECT_THAT(found[0], HasSubstr(R"("path":"/repo/.env")"));
  EXPECT_EQ(Number(found[0], "message"), 2);
  EXPECT_EQ(Number(found[0], "length"), static_cast<int64_t>(secret.size()));
  EXPECT_THAT(ProviderJournal::Member(found[0], "fingerprint"), SizeIs(32));
}

TEST_F(Secrets, WhatHasNoneLeavesByteForByte) {
  Begin();
  const std::string body = " " + ReadOf("nothing\there, \u00e9 \\u0041 /\n") + "\n";
  EXPECT_EQ(Ask(body).status, 200);
  EXPECT_EQ(provider_->Body(1), body);
  EXPECT_THAT(Found(), IsEmpty());
}

TEST_F(Secrets, ThePolicySaysWhatIsBlockedAndTheSentenceHowToGoOn) {
  Begin("  secrets: [{paths: [\"*/testdata/*\"], action: warn}, {action: block}]\n");
  EXPECT_EQ(Ask(ReadOf("x " + Token(1), "/repo/testdata/a")).status, 200);
  EXPECT_THAT(provider_->Body(1), HasSubstr(Token(1)));
  const Response blocked = Ask(ReadOf("x " + Token(2)));
  EXPECT_EQ(blocked.status, 402);
  EXPECT_EQ(blocked.Find("x-should-retry"), "false");
  EXPECT_THAT(blocked.body, HasSubstr("/clear"));
  EXPECT_THAT(blocked.body, HasSubstr("organisation.secrets[1]"));
  EXPECT_THAT(blocked.body, HasSubstr("the result of Read of message 3"));
  EXPECT_THAT(blocked.body, Not(HasSubstr(Token(2))));
  EXPECT_EQ(provider_->arrived(), 1u);
  EXPECT_EQ(host_->Metric("postern_refusals_total{reason=\"secret_blocked\"}"), 1);
  EXPECT_EQ(host_->StopAgent().code, 0);
  const auto refusals = EventsOf(host_->Events(), "refusal");
  ASSERT_THAT(refusals, SizeIs(1));
  EXPECT_EQ(ProviderJournal::Member(refusals[0], "rule"), "organisation.secrets[1]");
}

TEST_F(Secrets, ThinkingIsNotEdited) {
  Begin();
  const Response refused = Ask(
      R"({"model":"claude-opus-5-5","max_tokens":9,"messages":[{"role":"assistant","content":[{"type":"thinking",)"
      R"("thinking":"hm )" +
      Token(3) + R"(","signature":"abc"}]},{"role":"user","content":"go on"}]})");
  EXPECT_EQ(refused.status, 402);
  EXPECT_THAT(refused.body, HasSubstr("thinking is signed"));
  EXPECT_EQ(provider_->arrived(), 0u);
}

TEST_F(Secrets, AFingerprintThatIsAllowedIsLetThrough) {
  Begin("  max_tokens: 64000\n");
  const std::string body = ReadOf("x " + Token(4));
  EXPECT_EQ(Ask(body).status, 200);
  EXPECT_EQ(host_->StopAgent().code, 0);
  const auto found = EventsOf(host_->Events(), "secret_found");
  ASSERT_THAT(found, Not(IsEmpty()));
  directory_.Write("policy.yaml", std::string(kOpen) + "secrets: {allowed: [{fingerprint: \"" +
                                      ProviderJournal::Member(found[0], "fingerprint") +
                                      "\", reason: of the example}]}\n");
  host_->StartAgent();
  EXPECT_EQ(Ask(body).status, 200);
  EXPECT_EQ(provider_->Body(2), body);
}

TEST_F(Secrets, TheOrganisationsOwnRulesAreLookedForToo) {
  Begin("secrets:\n  rules: |\n    [[rules]]\n    id = \"badge\"\n    regex = 'badge-[0-9a-f]{24}'\n");
  const std::string badge = *secrets::FilledIn("badge-{hex 24}", 1);
  EXPECT_EQ(Ask(ReadOf("x " + badge + " y")).status, 200);
  EXPECT_THAT(provider_->Body(1), Not(HasSubstr(badge)));
  EXPECT_THAT(Found(), SizeIs(1));
}

TEST_F(Secrets, WhatIsTooDeepToBeLookedAtStaysHere) {
  Begin();
  const std::string deep = R"({"model":"claude-opus-5-5","max_tokens":9,"messages":[],"x":)" +
                           std::string(400, '[') + std::string(400, ']') + "}";
  EXPECT_EQ(Ask(deep).status, 402);
  EXPECT_EQ(provider_->arrived(), 0u);
}

// Secrets of every kind that there is a rule for, with what stands around them.
struct Planted {
  std::vector<std::string> texts;
  std::map<std::string, std::string> secrets;  // and the rule that finds it
};

Planted Plant(size_t least) {
  Planted planted;
  const auto scanner = secrets::Scanner::Make(secrets::BuiltInRules(), {});
  EXPECT_TRUE(scanner);
  secrets::Workspace workspace(*scanner);
  uint64_t seed = 0;  // another for each text, or parts of one would stand in others
  while (planted.secrets.size() < least) {
    for (const secrets::Rule& rule : scanner->rules().rules) {
      if (!rule.path.empty()) continue;
      for (std::string_view sample : rule.true_samples) {
        const auto text = secrets::FilledIn(sample, ++seed);
        EXPECT_TRUE(text);
        const auto found = scanner->Scan({.text = *text}, workspace, {.decode_depth = 0});
        EXPECT_TRUE(found);
        // Short passwords are words that may stand anywhere.
        for (const secrets::Finding& finding : *found) {
          if (finding.secret.size() >= 12)
            planted.secrets.emplace(finding.secret, scanner->rules().rules[finding.rule].id);
        }
        planted.texts.push_back(*text);
      }
    }
  }
  return planted;
}

std::string BytesOf(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// As it stands, and as it stands in JSON.
bool Holds(const std::string& bytes, const std::string& secret) {
  const std::string escaped = JsonString(secret);
  return bytes.find(secret) != std::string::npos ||
         bytes.find(escaped.substr(1, escaped.size() - 2)) != std::string::npos;
}

TEST_F(Secrets, OfTwoHundredPlantedNoneIsInAnyByteThatTheAgentWrote) {
  const Planted planted = Plant(200);
  ASSERT_GE(planted.secrets.size(), 200u);
  Begin("  secrets: [{rules: [private-key*], action: block}]\n");
  std::string all;
  for (const std::string& text : planted.texts) all += text + "\n\n";
  // In every part of a request; some are refused, since a private key is among them.
  for (size_t i = 0; i < planted.texts.size(); ++i) {
    const std::string& text = planted.texts[i];
    const std::string body =
        i % 4 == 0   ? ReadOf(text)
        : i % 4 == 1 ? R"({"model":"claude-opus-5-5","max_tokens":9,"stream":true,"system":)" +
                           JsonString(text) + R"(,"messages":[{"role":"user","content":"hi"}]})"
        : i % 4 == 2
            ? R"({"model":"claude-opus-5-5","max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":)" +
                  JsonString(R"({"inner":)" + JsonString(text) + "}") + "}]}]}"
            : R"({"model":"claude-opus-5-5","messages":[{"role":"user","content":)" + JsonString(text) +
                  "}]}";
    const Response answer = Ask(body, i % 4 == 3 ? "/v1/messages/count_tokens" : "/v1/messages");
    EXPECT_THAT(answer.status, ::testing::AnyOf(200, 402)) << text;
    for (const auto& [secret, rule] : planted.secrets) {
      if (text.find(secret) == std::string::npos) continue;
      EXPECT_FALSE(Holds(answer.body, secret)) << i << " " << rule;
    }
  }
  Ask(ReadOf(all));
  Ask("{" + all);                   // no JSON
  Ask(ReadOf(all), "/v1/nothing");  // no such path
  EXPECT_TRUE(support::Fetch(host_->target(), "POST", "/v1/messages",
                             {{"content-type", "application/json"}, {"authorization", "Bearer " + Token(77)}},
                             ReadOf(all)));
  std::map<std::string, std::string> written = {{"metrics", host_->Metrics()}};
  if (const auto status = support::Fetch(host_->socket(), "GET", "/status", {}, ""))
    written["status"] = status->body;
  EXPECT_THAT(support::ReadFile("/proc/" + std::to_string(host_->agent().pid()) + "/limits"),
              ::testing::ContainsRegex("Max core file size +0 "));
  EXPECT_EQ(host_->StopAgent().code, 0);
  for (const std::string& event : host_->Events()) written["events"] += event + "\n";
  written["log"] = host_->agent().errors();
  for (uint64_t number = 1; number <= provider_->arrived(); ++number)
    written["request " + std::to_string(number)] = provider_->Body(number);
  size_t files = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(host_->state())) {
    if (entry.is_regular_file()) written[entry.path().filename().string()] = BytesOf(entry.path());
    files += entry.is_regular_file() ? 1 : 0;
  }
  EXPECT_GT(files, 3u);
  for (const auto& [where, bytes] : written) {
    EXPECT_FALSE(Holds(bytes, Token(77))) << where;
    for (const auto& [secret, rule] : planted.secrets)
      EXPECT_FALSE(Holds(bytes, secret))
          << where << ": a secret of " << secret.size() << " bytes of the rule " << rule;
  }
  EXPECT_GE(EventsOf(host_->Events(), "secret_found").size(), 200u);
}

}  // namespace
}  // namespace postern::end_to_end
