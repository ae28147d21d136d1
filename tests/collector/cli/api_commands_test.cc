// Every command of `postern` against the real collector.
#include <chrono>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/base/hex.h"
#include "shared/bus/client.h"
#include "shared/bus/curve.h"
#include "shared/crypto/ed25519.h"
#include "shared/crypto/x25519.h"
#include "shared/json/value.h"
#include "shared/json/writer.h"
#include "shared/rest/client.h"
#include "shared/wire/conversation.h"
#include "tests/support/paths.h"
#include "tests/support/running_collector.h"

namespace postern::cli {
namespace {

using support::Finished;
using ::testing::HasSubstr;
using ::testing::Not;

class ApiCommands : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto started = support::RunningCollector::Start("organisation: Example\n");
    ASSERT_TRUE(started) << started.error().message;
    collector = *std::move(started);
  }
  static void TearDownTestSuite() { collector.reset(); }
  void SetUp() override { ASSERT_TRUE(collector); }

  // What it prints, after it has gone well.
  static std::string Good(std::vector<std::string> words, const std::string& input = "") {
    const std::string line = ::testing::PrintToString(words);
    const Finished finished = collector->Postern(std::move(words), input);
    EXPECT_EQ(finished.ending.code, 0) << line << finished.errors;
    last_errors = finished.errors;
    return finished.output;
  }
  // What it says, after it has ended with this code.
  static std::string Bad(int code, std::vector<std::string> words, const std::string& input = "") {
    const std::string line = ::testing::PrintToString(words);
    const Finished finished = collector->Postern(std::move(words), input);
    EXPECT_EQ(finished.ending.code, code) << line << finished.output << finished.errors;
    return finished.errors;
  }
  // A field of the JSON that it prints; "key.id" of a field of a field.
  static std::string Field(const std::string& json, const std::string& path) {
    auto value = json::Parse(json);
    EXPECT_TRUE(value) << json;
    if (!value) return "";
    for (size_t begin = 0; begin <= path.size();) {
      const size_t end = std::min(path.find('.', begin), path.size());
      const auto object = value->AsOpenObject();
      const auto next = object ? object->Find(path.substr(begin, end - begin)) : std::nullopt;
      EXPECT_TRUE(next) << path << " in " << json;
      if (!next) return "";
      value = *next;
      begin = end + 1;
    }
    return value->AsText().value_or("not text");
  }
  static std::string Alone(std::string text) {
    while (text.ends_with('\n')) text.pop_back();
    return text;
  }

  // A host that joins by the API's own call and then never comes; its id.
  static std::string Enrol(const std::string& host) {
    conversation_keys = bus::CurveKeys::Generate();
    const std::string token = Alone(Good({"agent", "enroll-token"}));
    json::Writer body;
    body.BeginObject()
        .Text("token", token.substr(0, token.find('@')))
        .Text("host", host)
        .Text("machine", std::string(64, '7'))
        .Text("curve_key", ToHex(bus::AsBytes(conversation_keys.public_key)))
        .Text("seal_key", ToHex(crypto::SigningKey::Generate().public_key().raw()))
        .Text("sealing_key", ToHex(crypto::AgreementKey::Generate().public_key()))
        .Text("version", "0.1.0")
        .EndObject();
    const auto client = rest::Client::Make(
        {.url = collector->url(), .fingerprint = collector->fingerprint(), .authority = {}, .token = {}});
    const auto reply =
        (*client)->Send({.method = "POST", .path = "/v1/enrol", .query = {}, .body = body.Take()});
    EXPECT_TRUE(reply) << reply.error().message;
    server_key = Field(reply->body, "curve_key");
    return Field(reply->body, "agent");
  }

  // The host that was enrolled last comes, is welcomed, and goes again; whether the collector knows both.
  static bool SayHello(const std::string& agent) {
    const auto context = bus::Context::Make();
    const std::string address = "127.0.0.1:" + std::to_string(collector->agents_port());
    auto client =
        bus::Client::Connect(**context, {.address = address,
                                         .keys = conversation_keys,
                                         .server_key = *bus::CurveKeyFromBytes(*FromHex(server_key))});
    wire::FromAgent message;
    wire::Hello& hello = *message.mutable_hello();
    hello.set_life(std::string(16, 'l'));
    hello.set_machine(std::string(32, 'm'));
    hello.mutable_now()->set_incarnation(1);
    hello.set_policy_ttl(3600);
    const std::string frame = *wire::Encode(message);
    const auto is = [&](const char* connected) {
      return Good({"agent", "show", agent, "--json"}).find(std::string("\"connected\":") + connected) !=
             std::string::npos;
    };
    bool said = false;
    for (int i = 0; i < 300 && !is("true"); ++i) {
      (*client)->Wait(std::chrono::milliseconds(50));
      if (!said) said = (*client)->Send(frame).has_value();
    }
    if (!is("true")) return false;
    client->reset();
    for (int i = 0; i < 300 && !is("false"); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return is("false");
  }

  static std::unique_ptr<support::RunningCollector> collector;
  static std::string last_errors;
  static bus::CurveKeys conversation_keys;  // of the host that was enrolled last
  static std::string server_key;            // hexadecimal
};

std::unique_ptr<support::RunningCollector> ApiCommands::collector;
std::string ApiCommands::last_errors;
bus::CurveKeys ApiCommands::conversation_keys;
std::string ApiCommands::server_key;

TEST_F(ApiCommands, AKeyFromItsMakingToItsRevocation) {
  Good({"user", "create", "keys@example.com"});
  const std::string token = Alone(Good({"key", "create", "--user", "keys@example.com", "--label", "laptop",
                                        "--host", "h1,h2", "--expires", "90d"}));
  EXPECT_THAT(token, ::testing::MatchesRegex("pst_[a-z0-9]{12}_[A-Za-z0-9]{34}"));
  EXPECT_THAT(last_errors, HasSubstr("This is the only time that it is shown."));
  EXPECT_THAT(last_errors, Not(HasSubstr(token)));
  const std::string id = token.substr(4, 12);
  EXPECT_THAT(Good({"key", "list", "--user", "keys@example.com"}), HasSubstr(id + "  active"));
  EXPECT_THAT(Good({"key", "show", id}), HasSubstr("h1, h2"));
  EXPECT_EQ(Field(Good({"key", "update", id, "--label", "desk", "--host", "", "--json"}), "label"), "desk");
  EXPECT_EQ(Field(Good({"key", "disable", id, "--sentence", "Ask Bob.", "--json"}), "state"), "disabled");
  EXPECT_EQ(Field(Good({"key", "enable", id, "--json"}), "state"), "active");
  const std::string rotated = Good({"key", "rotate", id, "--json"});
  EXPECT_EQ(Field(rotated, "key.id"), id);
  EXPECT_NE(Field(rotated, "text"), token);
  EXPECT_EQ(Field(Good({"key", "revoke", id, "--json"}), "state"), "revoked");
  EXPECT_NE(Bad(1, {"key", "enable", id}), "");
  EXPECT_THAT(Good({"key", "list", "--json"}), Not(HasSubstr(token.substr(17, 28))));
}

TEST_F(ApiCommands, PeopleAndTeams) {
  EXPECT_EQ(Field(Good({"team", "create", "red", "--os-group", "dev", "--json"}), "organisation"), "Example");
  Good({"user", "create", "alice@example.com", "--team", "red", "--name", "Alice", "--os-name", "alice"});
  EXPECT_THAT(Good({"user", "list", "--team", "red"}), HasSubstr("alice@example.com  red"));
  EXPECT_EQ(Field(Good({"user", "update", "alice@example.com", "--name", "Alicia", "--json"}), "name"),
            "Alicia");
  EXPECT_THAT(Good({"user", "disable", "alice@example.com"}), HasSubstr("disabled"));
  Good({"user", "enable", "alice@example.com"});
  EXPECT_THAT(Bad(1, {"team", "remove", "red"}), HasSubstr("postern team remove: "));
  Good({"user", "remove", "alice@example.com"});
  Bad(1, {"user", "show", "alice@example.com"});
  Good({"team", "remove", "red"});
  EXPECT_THAT(Good({"team", "list"}), Not(HasSubstr("red")));
  EXPECT_THAT(Bad(2, {"user", "update", "alice@example.com"}), HasSubstr("say what is to be changed"));
}

TEST_F(ApiCommands, CredentialsGoInAndNeverComeOut) {
  const std::string value = "sk-simulated-0123456789";
  const std::string added =
      Good({"credential", "add", "main", "--provider", "anthropic", "--json"}, value + "\n");
  EXPECT_EQ(Field(added, "provider"), "anthropic");
  Good({"credential", "rotate", "main", "--value-file", "-"}, value + "-2");
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"credential", "list", "--json"},
                                             {"credential", "show", "main", "--json"},
                                             {"audit", "query", "--jsonl"}}) {
    EXPECT_THAT(Good(words), Not(HasSubstr("0123456789")));
  }
  EXPECT_THAT(Bad(1, {"credential", "add", "main", "--provider", "anthropic"}, value), Not(HasSubstr(value)));
  EXPECT_THAT(Bad(2, {"credential", "add", "other", "--provider", "anthropic"}, ""), HasSubstr("empty"));
  Good({"credential", "remove", "main"});
  Bad(1, {"credential", "show", "main"});
}

TEST_F(ApiCommands, EnrolmentTokensAndHosts) {
  const std::string token = Alone(Good({"agent", "enroll-token", "--expires", "2h"}));
  EXPECT_THAT(token, ::testing::MatchesRegex("pse_[A-Za-z0-9_]+@" + collector->fingerprint()));
  const std::string id = token.substr(4, 12);
  EXPECT_THAT(Good({"enrolment", "list"}), HasSubstr(id + "  open"));
  Good({"enrolment", "remove", id});
  EXPECT_THAT(Good({"agent", "list"}), HasSubstr("ID  HOST"));
  Bad(1, {"agent", "show", "000000000000"});
  Bad(1, {"agent", "revoke", "000000000000"});
  Bad(1, {"agent", "forfeit", "000000000000"});
}

TEST_F(ApiCommands, AHostThatHasNeverComeIsNotNamedWhenAKeyIsRevoked) {
  const std::string agent = Enrol("build-7");
  EXPECT_THAT(Good({"agent", "list"}), HasSubstr(agent + "  build-7  active"));
  EXPECT_THAT(Good({"agent", "show", agent}), HasSubstr("build-7"));
  EXPECT_EQ(Field(Good({"agent", "list", "--json"}), "items"), "not text");  // a list, in JSON that is whole
  EXPECT_EQ(Good({"user", "list", "--team", "nobodys", "--json"}), "{\"items\":[]}\n");
  Good({"user", "create", "revoked@example.com"});
  const std::string key = Good({"key", "create", "--user", "revoked@example.com"}).substr(4, 12);
  Good({"key", "revoke", key, "--sentence", "Ask Bob.", "--wait"});
  EXPECT_THAT(last_errors, Not(HasSubstr("build-7")));
  EXPECT_EQ(Field(Good({"agent", "forfeit", agent, "--json"}), "state"), "active");
  EXPECT_THAT(Good({"agent", "revoke", agent}), HasSubstr("revoked"));
  EXPECT_THAT(last_errors, HasSubstr("no credential that is still in use"));
  EXPECT_THAT(Good({"audit", "query", "--kind", "enrolment"}), HasSubstr(agent + " build-7"));
}

TEST_F(ApiCommands, WhoMayGoOnIsNamedWithTheTimeAndIsAFailureOfWaiting) {
  const std::string agent = Enrol("build-8");
  ASSERT_TRUE(SayHello(agent));  // and goes again
  Good({"user", "create", "away@example.com"});
  const std::string key = Good({"key", "create", "--user", "away@example.com"}).substr(4, 12);
  EXPECT_THAT(Bad(1, {"key", "revoke", key, "--wait", "--timeout", "5"}),
              ::testing::AllOf(HasSubstr(agent + ": build-8 is not connected"), HasSubstr("best_effort"),
                               HasSubstr("may go on until 2")));
  Good({"key", "revoke", key});  // who doesn't wait is told the same
  EXPECT_THAT(last_errors, HasSubstr("build-8 is not connected"));
  EXPECT_THAT(Bad(1, {"user", "disable", "away@example.com", "--wait"}), HasSubstr("build-8"));
  EXPECT_THAT(Bad(1, {"user", "remove", "away@example.com", "--wait"}), HasSubstr("build-8"));
  EXPECT_THAT(Bad(2, {"key", "revoke", key, "--timeout", "5"}), HasSubstr("--timeout goes with --wait"));
  Good({"agent", "revoke", agent});
}

TEST_F(ApiCommands, WhoMayGoOnByTheFormerPolicyIsNamedWithTheTime) {
  const support::TemporaryDirectory files;
  const std::string file = files.Write(
      "rules.yaml", "organisation:\n  name: Example\n  models: {allow: [\"*\"]}\n  max_tokens: 4000\n");
  const std::string agent = Enrol("build-10");
  ASSERT_TRUE(SayHello(agent));  // and goes again
  EXPECT_THAT(Good({"policy", "apply", file}), HasSubstr("is in force."));
  EXPECT_THAT(last_errors, Not(HasSubstr("build-10"))) << "who doesn't wait isn't told";
  EXPECT_THAT(
      Bad(1, {"policy", "rollback", "1", "--wait", "--timeout", "5"}),
      ::testing::AllOf(HasSubstr(agent + ": build-10 is not connected"), HasSubstr("may go on until 2")));
  const Finished finished = collector->Postern({"policy", "apply", file, "--wait", "--json"}, "");
  EXPECT_EQ(finished.ending.code, 1);
  EXPECT_THAT(finished.output, HasSubstr("\"complete\":false"));
  EXPECT_THAT(Bad(2, {"policy", "apply", file, "--timeout", "5"}), HasSubstr("--timeout goes with --wait"));
  Good({"agent", "revoke", agent});
}

TEST_F(ApiCommands, WaitingWithJsonGivesTheReachOnOneLine) {
  const std::string agent = Enrol("build-9");
  ASSERT_TRUE(SayHello(agent));
  Good({"user", "create", "json@example.com"});
  const std::string key = Good({"key", "create", "--user", "json@example.com"}).substr(4, 12);
  const Finished finished = collector->Postern({"key", "disable", key, "--wait", "--json"}, "");
  EXPECT_EQ(finished.ending.code, 1);
  EXPECT_EQ(Field(finished.output, "state"), "disabled");
  EXPECT_THAT(finished.output, HasSubstr("\"complete\":false"));
  Good({"agent", "revoke", agent});
}

TEST_F(ApiCommands, AViewerReadsAndChangesNothing) {
  const support::TemporaryDirectory directory;
  const std::string made = Good({"administrator", "create", "watcher", "--role", "viewer", "--json"});
  const std::string token_file = directory.Write("token", Field(made, "text"));
  EXPECT_THAT(Good({"administrator", "list"}), HasSubstr("watcher"));
  EXPECT_EQ(collector->PosternAs(token_file, {"key", "list"}).ending.code, 0);
  EXPECT_EQ(collector->PosternAs(token_file, {"user", "create", "x@example.com"}).ending.code, 1);
  const std::string id = Field(made, "administrator.id");
  const std::string rotated = Good({"administrator", "rotate", id, "--json"});
  EXPECT_EQ(collector->PosternAs(token_file, {"key", "list"}).ending.code, 1);
  directory.Write("token", Field(rotated, "text"));
  EXPECT_EQ(collector->PosternAs(token_file, {"key", "list"}).ending.code, 0);
  Good({"administrator", "remove", id});
  EXPECT_EQ(collector->PosternAs(token_file, {"key", "list"}).ending.code, 1);
}

TEST_F(ApiCommands, TheRecordSaysWhoDidWhatAndWhatWasRefused) {
  Good({"user", "create", "audit@example.com"});
  Bad(1, {"user", "create", "audit@example.com"});
  const std::string rows = Good({"audit", "query", "--kind", "administration", "--since", "1h", "--all"});
  EXPECT_THAT(rows, HasSubstr("first user.create audit@example.com done"));
  EXPECT_THAT(rows, HasSubstr("first user.create audit@example.com refused"));
  const std::string page = Good({"audit", "query", "--kind", "administration", "--limit", "1", "--json"});
  const std::string cursor = Field(page, "next");
  EXPECT_NE(
      Good({"audit", "query", "--kind", "administration", "--limit", "1", "--cursor", cursor, "--json"}),
      page);
  const std::string line = Good({"audit", "query", "--kind", "administration", "--limit", "1", "--jsonl"});
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  EXPECT_THAT(last_errors, HasSubstr("--cursor"));
  EXPECT_THAT(Good({"audit", "show", "0"}), HasSubstr("collector"));
  EXPECT_THAT(Good({"audit", "show", "0", "--json"}), HasSubstr("\"leaf\":0"));
  Bad(1, {"audit", "show", "999999999"});
}

TEST_F(ApiCommands, ATailShowsWhatComes) {
  const std::string program = support::InBuild("bin/postern");
  auto tail = support::Process::Start(
      {.argv = {program, "audit", "tail", "--kind", "administration", "--after", "-1"},
       .variables = {{"POSTERN_URL", collector->url()},
                     {"POSTERN_FINGERPRINT", collector->fingerprint()},
                     {"POSTERN_TOKEN_FILE", collector->token_file()}}});
  ASSERT_TRUE(tail) << tail.error().message;
  ASSERT_TRUE((*tail)->WaitForLine("DETAIL"));
  Good({"user", "create", "tail@example.com"});
  const auto line = (*tail)->WaitForLine("user.create tail@example.com");
  EXPECT_TRUE(line) << line.error().message;
}

TEST_F(ApiCommands, UsageOfAnIdleOrganisationIsNothing) {
  const std::string rows = Good({"usage", "--by", "team,day", "--since", "7d"});
  EXPECT_THAT(rows, HasSubstr("TEAM"));
  EXPECT_THAT(rows, HasSubstr("total"));
  EXPECT_THAT(rows, HasSubstr("$0.0000"));
  EXPECT_EQ(Field(Good({"usage", "--json"}), "total.dollars"), "0.000000000");
  EXPECT_NE(Bad(2, {"usage", "--by", "colour"}), "");
}

TEST_F(ApiCommands, SaysWhoIsAsking) {
  EXPECT_THAT(Good({"whoami"}), HasSubstr("Example"));
  EXPECT_EQ(Field(Good({"whoami", "--json"}), "role"), "admin");
}

}  // namespace
}  // namespace postern::cli
