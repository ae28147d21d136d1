// Two hundred secrets are planted in requests, and every byte that was written because of them is searched:
// of a lone host, and of an organisation's whole house.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/base/json_text.h"
#include "shared/secrets/built_in.h"
#include "shared/secrets/samples.h"
#include "tests/end_to_end/budgeted.h"
#include "tests/end_to_end/furnished.h"
#include "tests/end_to_end/record_view.h"
#include "tests/end_to_end/secret_bodies.h"

namespace postern::end_to_end {
namespace {

namespace fs = std::filesystem;

constexpr size_t kSecrets = 200;
constexpr std::string_view kBlocked = "  secrets: [{rules: [private-key*], action: block}]\n";

// Secrets of every kind that there is a rule for, with what stands around them.
struct Planted {
  std::vector<std::string> texts;
  std::map<std::string, std::string> secrets;  // and the rule that finds it
};

Planted Plant() {
  Planted planted;
  const auto scanner = secrets::Scanner::Make(secrets::BuiltInRules(), {});
  EXPECT_TRUE(scanner);
  secrets::Workspace workspace(*scanner);
  uint64_t seed = 0;  // another for each text, or parts of one would stand in others
  while (planted.secrets.size() < kSecrets) {
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

// In every part of a request; some are refused, since a private key is among them.
std::string BodyWith(const std::string& text, size_t form) {
  switch (form) {
    case 0: return ReadOf(text);
    case 1:
      return R"({"model":"claude-opus-5-5","max_tokens":9,"stream":true,"system":)" + JsonString(text) +
             R"(,"messages":[{"role":"user","content":"hi"}]})";
    case 2:
      return R"({"model":"claude-opus-5-5","max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":)" +
             JsonString(R"({"inner":)" + JsonString(text) + "}") + "}]}]}";
    default:  // to count its tokens
      return R"({"model":"claude-opus-5-5","messages":[{"role":"user","content":)" + JsonString(text) + "}]}";
  }
}

class PlantedSecrets : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_GE(planted_.secrets.size(), kSecrets); }

  // One request for each text, then all at once, and in what is no request at all.
  void AskAbout(Host& host) {
    std::string all;
    for (size_t i = 0; i < planted_.texts.size(); ++i) {
      const std::string& text = planted_.texts[i];
      all += text + "\n\n";
      const size_t form = i % 4;
      const auto answer =
          support::Fetch(host.target(), "POST", form == 3 ? "/v1/messages/count_tokens" : "/v1/messages",
                         host.MessageHeaders(), BodyWith(text, form));
      ASSERT_TRUE(answer);
      EXPECT_THAT(answer->status, ::testing::AnyOf(200, 402)) << text;
      written_["answers"] += answer->body;
    }
    const auto more = [&](const std::string& body, std::string_view path, const support::Headers& headers) {
      const auto answer = support::Fetch(host.target(), "POST", path, headers, body);
      ASSERT_TRUE(answer);
      written_["answers"] += answer->body;
    };
    more(ReadOf(all), "/v1/messages", host.MessageHeaders());
    more("{" + all, "/v1/messages", host.MessageHeaders());
    AskWithNames(host);
    more(ReadOf(all), "/v1/nothing", host.MessageHeaders());
    more(ReadOf(all), "/v1/messages",
         {{"content-type", "application/json"}, {"authorization", "Bearer " + Token(kForeignKey)}});
  }

  // What clients and tools call things, which events tell.
  void AskWithNames(Host& host) {
    const auto ask = [&](const std::string& body, const support::Headers& headers, const std::string& query) {
      const auto answer = support::Fetch(host.target(), "POST", "/v1/messages" + query, headers, body);
      ASSERT_TRUE(answer);
      EXPECT_THAT(answer->status, ::testing::AnyOf(200, 400, 402));
      written_["answers"] += answer->body;
    };
    const std::string name = Token(kNamed);
    for (const char* header : {"user-agent", "x-claude-code-session-id", "x-claude-code-agent-id", "x-own"}) {
      support::Headers headers = host.MessageHeaders();
      headers.emplace_back(header, name);
      ask(ReadOf(planted_.texts[0]), headers, "");
      ask(R"({"model":"unknown","messages":[]})", headers, "");
    }
    ask(ReadOf("x"), host.MessageHeaders(), "?key=" + name);
    ask(R"({"model":")" + name + R"(","messages":[]})", host.MessageHeaders(), "");
    ask(ReadOf(planted_.texts[0], "/repo/" + name + "/.env"), host.MessageHeaders(), "");
    ask(R"({"model":"claude-opus-5-5","max_tokens":9,"metadata":{"user_id":"u_session_)" + name +
            R"("},"tools":[{"name":")" + name + R"(","input_schema":{"type":"object"}},{"type":")" + name +
            R"(","name":"x"}],"messages":[{"role":"user","content":"hi"}]})",
        host.MessageHeaders(), "");
  }

  void SearchHost(Host& host) {
    written_["the agent's metrics"] = host.Metrics();
    if (const auto status = support::Fetch(host.socket(), "GET", "/status", {}, ""))
      written_["the agent's status"] = status->body;
    EXPECT_THAT(support::ReadFile("/proc/" + std::to_string(host.agent().pid()) + "/limits"),
                ::testing::ContainsRegex("Max core file size +0 "));
    EXPECT_EQ(host.StopAgent().code, 0);
    for (const std::string& event : host.Events()) written_["the agent's events"] += event + "\n";
    written_["the agent's log"] = host.agent().errors();
    const ProviderJournal provider(host.provider_port());
    for (uint64_t number = 1; number <= provider.arrived(); ++number)
      written_["request " + std::to_string(number)] = provider.Request(number) + provider.Body(number);
    AddFiles("the agent's ", host.state());
  }

  void AddFiles(const std::string& whose, const fs::path& directory) {
    size_t files = 0;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(directory)) {
      if (!entry.is_regular_file()) continue;
      written_[whose + fs::relative(entry.path(), directory).string()] = BytesOf(entry.path());
      ++files;
    }
    EXPECT_GT(files, 3u) << whose;
  }

  void ExpectNoneIn() const {
    for (const auto& [where, bytes] : written_) {
      EXPECT_FALSE(Holds(bytes, Token(kForeignKey))) << where;
      EXPECT_FALSE(Holds(bytes, Token(kNamed))) << where;
      for (const auto& [secret, rule] : planted_.secrets)
        EXPECT_FALSE(Holds(bytes, secret))
            << where << ": a secret of " << secret.size() << " bytes of the rule " << rule;
    }
  }

  static constexpr uint64_t kForeignKey = 77;  // shown as a key by a request
  static constexpr uint64_t kNamed = 78;       // how a client calls something
  const Planted planted_ = Plant();
  std::map<std::string, std::string> written_;  // by where
};

TEST_F(PlantedSecrets, NoneIsInAnyByteThatALoneHostWrote) {
  const support::TemporaryDirectory directory;
  const std::string policy = directory.Write(
      "policy.yaml",
      "organisation:\n  name: example\n  models:\n    allow: [\"claude-*\"]\n" + std::string(kBlocked));
  Host host(HostOptions{.extra_config = "policy:\n  file: " + policy + "\n",
                        .provider_arguments = {"--record-bodies"}});
  AskAbout(host);
  SearchHost(host);
  ExpectNoneIn();
  EXPECT_GE(EventsOf(host.Events(), "secret_found").size(), kSecrets);
}

TEST_F(PlantedSecrets, NoneIsInAnyByteThatAWholeHouseWrote) {
  Budgeted house(kBlocked, {}, {"--record-bodies"});
  AskAbout(house.host());
  SearchHost(house.host());
  const size_t found = EventsOf(house.host().Events(), "secret_found").size();
  EXPECT_GE(found, kSecrets);

  Keep& keep = house.house().keep();
  const std::vector<std::string> query = {"audit", "query", "--kind", "secret_found", "--jsonl", "--all"};
  house.host().StartAgent();  // what it had not sent when it stopped
  size_t stored = 0;
  EXPECT_TRUE(Eventually([&] {
    std::string& events = written_["the collector's answers"];
    events = house.house().Postern(query);
    stored = static_cast<size_t>(std::count(events.begin(), events.end(), '\n'));
    return stored == found;
  })) << stored
      << " of " << found;

  written_["the collector's metrics"] = keep.Done("GET", "/metrics");
  EXPECT_EQ(house.host().StopAgent().code, 0);
  EXPECT_EQ(keep.Stop().code, 0);
  written_["the collector's log"] = keep.process().errors();
  AddFiles("the collector's ", keep.state());
  ExpectNoneIn();
}

}  // namespace
}  // namespace postern::end_to_end
