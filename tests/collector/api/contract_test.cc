// openapi.yaml against the running server, both ways: every route, body and answer is as it says, and there
// is nothing in it that the server doesn't do.
#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "collector/api/route.h"
#include "tests/collector/api/contract_reader.h"
#include "tests/collector/api/every_event.h"
#include "tests/collector/api/keep.h"

namespace postern::api {
namespace {

using Problems = std::vector<std::string>;

Limits Generous() {
  Limits limits;
  limits.calls_at_once = 100'000;
  limits.enrolments_at_once = 100'000;
  return limits;
}

// The rest of a question about a policy, with every field.
constexpr const char* kQuestion =
    R"("host":"build-1","os_user":"eve","os_user_number":"1000","provider":"anthropic","residency":["eu"],)"
    R"("credentials":["agent.yaml"],"model":"claude-sonnet-5","tools":["Bash","Read"],"forced_tool":"Read",)"
    R"("max_tokens":64000,"context_tokens":1000,"secret_rule":"jwt","path":"/repo/.env","at":"2026-11-23T22:18:55Z","version":4})";

// "… known are: a, b" → a and b.
std::set<std::string> WordsAfter(const std::string& mark, const std::string& sentence) {
  std::set<std::string> words;
  size_t at = sentence.find(mark);
  if (at == sentence.npos) return words;
  for (at += mark.size(); at < sentence.size();) {
    const size_t end = std::min(sentence.find(", ", at), sentence.size());
    words.insert(sentence.substr(at, end - at));
    at = end + 2;
  }
  return words;
}

class Contract : public testing::Test {
 protected:
  Contract() : contract_(keep_.Admin("GET", "/v1/openapi.yaml").body) {}

  // Calls an operation and holds its body and its answer to the contract.
  Reply Do(const std::string& id, const std::string& of = "", const std::string& body = "",
           const std::string& query = "") {
    const Operation& operation = contract_.Of(id);
    std::string path = operation.path;
    if (const size_t place = path.find("{id}"); place != path.npos) path.replace(place, 4, rest::Escape(of));
    const Reply reply = keep_.Call(
        operation.open ? "" : keep_.admin,
        {.method = operation.method, .path = path + query, .body = body, .content_type = operation.type});
    EXPECT_LT(reply.status, 400) << id << ": " << reply.error();
    if (!body.empty() && !operation.body.empty()) Hold(operation.body, body, id + " (body)");
    const auto answer = operation.answers.find(std::to_string(reply.status));
    EXPECT_NE(answer, operation.answers.end()) << id << " answers " << reply.status;
    if (answer != operation.answers.end() && !answer->second.empty()) Hold(answer->second, reply.body, id);
    done_.insert(id);
    return reply;
  }

  void Hold(const std::string& schema, const std::string& text, const std::string& what) {
    const auto value = json::Parse(text);
    ASSERT_TRUE(value) << what << ": " << text;
    EXPECT_EQ(contract_.Judge(schema, *value), Problems()) << what << ": " << text;
  }

  std::string Inner(const Reply& reply, std::string_view object, std::string_view field) {
    return *reply.object().Require(object)->AsOpenObject()->Text(field);
  }

  void TourOfPeopleAndKeys() {
    Do("credential.add", "", R"({"id":"main","provider":"anthropic","header":"x-api-key","value":"v"})");
    Do("credential.list");
    Do("credential.show", "main");
    Do("credential.rotate", "main", R"({"value":"w"})");
    Do("team.create", "",
       R"({"id":"platform","organisation":"acme","credentials":["main"],"os_groups":["dev"]})");
    Do("team.list");
    Do("team.show", "platform");
    Do("team.update", "platform", R"({"credentials":["main"],"os_groups":["ops"]})", "?wait=0");
    Do("user.create", "", R"({"id":"bob@example.com","team":"platform","name":"Bob","os_names":["bob"]})");
    Do("user.list", "", "", "?team=platform");
    Do("user.show", "bob@example.com");
    Do("user.update", "bob@example.com",
       R"({"team":"platform","name":"Robert","os_names":["rob"],"disabled":false})", "?wait=0");
    const Reply made = Do("key.create", "",
                          R"({"user":"bob@example.com","label":"l","expires":"2200-01-01T00:00:00Z",)"
                          R"("hosts":["build-1"],"os_users":["bob"],"credentials":["main"]})");
    const std::string key = Inner(made, "key", "id");
    Do("key.list", "", "", "?user=bob%40example.com");
    Do("key.show", key);
    Do("key.update", key,
       R"({"label":"m","expires":null,"hosts":[],"os_users":["rob"],"credentials":["main"]})");
    Do("key.disable", key, R"({"sentence":"ask Ada"})", "?wait=0");
    Do("reach", "", "", "?kind=key&id=" + key + "&revision=1&wait=1");
    Do("key.enable", key);
    Do("key.rotate", key);
    Do("key.revoke", key, "", "?wait=1");
    Do("user.remove", "bob@example.com", "", "?wait=1");
    Do("team.remove", "platform");
    Do("credential.remove", "main");
  }

  void TourOfHostsAndAdministrators() {
    const Reply token = Do("enrolment_token.create", "",
                           R"({"expires":")" + FormatRfc3339(WallNow() + std::chrono::hours(2)) + R"("})");
    const std::string text = token.Text("text");
    const Reply spare = Do("enrolment_token.create");
    const Reply joined =
        Do("agent.enrol", "",
           R"({"token":")" + text.substr(0, text.find('@')) + R"(","host":"build-1","machine":")" +
               HexKey(101) + R"(","curve_key":")" + HexKey(102) + R"(","seal_key":")" + SealKey() +
               R"(","sealing_key":")" + HexKey(104) + R"(","version":"1.0"})");
    const std::string agent = joined.Text("agent");
    keep_.presence().Update(agent, [](intake::AgentPresence& seen) { seen.heartbeat = WallNow(); });
    Do("agent.list");
    Do("agent.show", agent);
    Do("agent.forfeit", agent);
    Do("agent.revoke", agent, "", "?wait=0");
    Do("enrolment_token.list");
    Do("enrolment_token.remove", Inner(spare, "token", "id"));
    const Reply made =
        Do("administrator.create", "",
           R"({"name":"a","role":"developer","user":"ada@example.com","expires":"2200-01-01"})");
    const std::string id = Inner(made, "administrator", "id");
    Do("administrator.list");
    Do("administrator.show", id);
    Do("administrator.rotate", id);
    Do("administrator.remove", id);
  }

  void TourOfPolicies() {
    Do("team.create", "", R"({"id":"ml"})");
    Do("user.create", "", R"({"id":"eve@example.com","team":"ml"})");
    const Reply key = Do("key.create", "", R"({"user":"eve@example.com"})");
    const std::string before =
        "organisation: {name: acme, models: {allow: [\"*\"]}, max_tokens: 32000}\n"
        "teams:\n  ml:\n    models: {deny: [claude-opus-5-5]}\n    tools: {deny: [Bash]}\n    message: ask "
        "eve\n";
    const std::string after =
        before + "users: {eve@example.com: {max_tokens: 16000}, gone@example.com: {}}\n";
    Do("policy.show");
    Do("policy.apply", "", before, "?wait=1");
    Do("policy.check", "", after);
    Do("policy.diff", "", after);
    Do("policy.apply", "", after, "?based_on=2&force=true");
    Do("policy.history");
    Do("policy.version", "2");
    Do("policy.rollback", "", R"({"version":2,"force":false})", "?wait=0");
    Do("policy.explain", "",
       R"({"key":")" + Inner(key, "key", "id") + R"(","user":"eve@example.com",)" + kQuestion);
    Do("policy.explain", "", R"({"team":"ml","model":"claude-opus-5-5"})");
    Do("freeze", "", R"({"sentence":"ask eve"})", "?wait=0");
    Do("freeze.show");
    Do("thaw");
    const rest::Call stale{
        .method = "PUT", .path = "/v1/policy?based_on=2", .body = after, .content_type = "text/yaml"};
    Hold("RefusedPolicy", keep_.Call(keep_.admin, stale).body, "a stale policy");
    const rest::Call wrong{
        .method = "PUT", .path = "/v1/policy", .body = "organisatoin: {}\n", .content_type = "text/yaml"};
    Hold("RefusedPolicy", keep_.Call(keep_.admin, wrong).body, "what is no policy");
  }

  void TourOfLimits() {
    Do("limit.set", "all",
       R"({"scope":"organisation","subject":"","within":"","unit":"usd","amount":5000000000,"per":"day",)"
       R"("rolling":false,"admission":"estimated","message":"ask ada"})",
       "?force=false&wait=0");
    Do("limit.raise", "all", R"({"by":1000000000,"until":"2200-01-01T00:00:00Z"})", "?force=false&wait=0");
    Do("limit.list");
    keep_.accounts().Spend("agent0000001", "all", 3'000'000'000, 2'000'000'000);
    Do("limit.show", "all");
    Do("policy.explain", "", R"({"user":"ada@example.com","model":"claude-opus-5-5"})");
    Do("limit.reset", "all", R"({"account":"all"})");
    Do("limit.remove", "all", "", "?force=true");
  }

  void TourOfSecrets() {
    const std::string fingerprint = "00112233445566778899aabbccddeeff";
    Do("secret.allow", "", R"({"fingerprint":")" + fingerprint + R"(","reason":"public","until":null})",
       "?force=false&wait=0");
    Do("secret.list");
    Do("secret.remove", fingerprint, "", "?force=true");
  }

  void TourOfTheRecord() {
    audit::LogOf log(keep_.store());
    const WallTime now = WallNow();
    const store::EventFacts facts{.time = now,
                                  .kind = "",
                                  .organisation = "acme",
                                  .team = "platform",
                                  .user = "ada@example.com",
                                  .key = "k7x2m9q4w8ab",
                                  .model = "claude",
                                  .session = "s",
                                  .host = "build-1",
                                  .decision = store::Decision::kAllowed};
    for (const wire::Event& event : EveryEvent()) log.Add(event, facts, {.requests = 1});
    Do("audit.query", "", "", "?limit=1000");
    Do("audit.query", "", "", "?limit=1000&agent=collector");
    Do("audit.show", "0");
    Do("usage", "", "", "?by=organisation,team,user,key,model,host,day,hour");
    Do("usage");
  }

  std::string SealKey() {
    const std::string raw(crypto::SigningKey::Generate().public_key().raw());
    std::string text;
    for (const char c : raw) {
      text += "0123456789abcdef"[static_cast<uint8_t>(c) >> 4];
      text += "0123456789abcdef"[static_cast<uint8_t>(c) & 15];
    }
    return text;
  }

  Keep keep_{Generous()};
  ContractReader contract_;
  std::set<std::string> done_;
};

TEST_F(Contract, NamesTheRoutesThatThereAreAndNoOthers) {
  std::set<std::string> documented, there;
  for (const Operation& operation : contract_.operations())
    documented.insert(operation.method + " " + operation.path + " " + operation.id +
                      (operation.open ? " open" : ""));
  for (const Route& route : Routes())
    there.insert(std::string(route.method) + " " + std::string(route.path) + " " +
                 std::string(route.operation) + (route.access == Access::kOpen ? " open" : ""));
  EXPECT_EQ(documented, there);
}

TEST_F(Contract, EveryAnswerIsAsItSaysAndEveryFieldOfItIsAnswered) {
  Do("health");
  Do("metrics");
  Do("contract");
  Do("whoami");
  TourOfPeopleAndKeys();
  TourOfHostsAndAdministrators();
  TourOfPolicies();
  TourOfLimits();
  TourOfSecrets();
  TourOfTheRecord();
  Hold("Refusal", keep_.Admin("GET", "/v1/nothing").body, "a refusal");
  for (const Operation& operation : contract_.operations())
    EXPECT_EQ(done_.count(operation.id), 1u) << operation.id << " was not tried";
  EXPECT_EQ(contract_.Unseen(), Problems());
}

TEST_F(Contract, EveryRefusalHasItsShape) {
  for (const Operation& operation : contract_.operations()) {
    if (operation.open && operation.method == "GET") continue;
    std::string path = operation.path;
    if (const size_t place = path.find("{id}"); place != path.npos) path.replace(place, 4, "nobody");
    const Reply reply = keep_.Call("", operation.method, path, operation.method == "GET" ? "" : "{}");
    EXPECT_GE(reply.status, 400) << operation.id;
    EXPECT_EQ(operation.answers.count("default"), 1u) << operation.id;
    Hold(operation.answers.at("default"), reply.body, operation.id);
  }
}

TEST_F(Contract, EveryParameterOfAQueryIsKnownAndNoOther) {
  const std::map<std::string, std::string> samples{{"limit", "1"},
                                                   {"after", "-1"},
                                                   {"wait", "0"},
                                                   {"from", "2026-01-01"},
                                                   {"to", "2026-01-02T00:00:00Z"},
                                                   {"decision", "refused"},
                                                   {"kind", "key"},
                                                   {"revision", "1"},
                                                   {"by", "user"}};
  for (const Operation& operation : contract_.operations()) {
    if (operation.method != "GET" || operation.path.find("{id}") != std::string::npos) continue;
    std::string query = "?";
    for (const std::string& name : operation.parameters) {
      if (name == "cursor") continue;  // nothing but an answer's is one
      const auto sample = samples.find(name);
      query += name + "=" + (sample == samples.end() ? "x" : sample->second) + "&";
    }
    EXPECT_EQ(keep_.Admin("GET", operation.path + query).status, 200) << operation.path << query;
    if (operation.parameters.empty()) continue;
    // The refusal of one that nobody knows lists those that are known.
    const std::string refusal = keep_.Admin("GET", operation.path + "?nobody=x").error();
    EXPECT_EQ(WordsAfter("known are: ", refusal),
              std::set<std::string>(operation.parameters.begin(), operation.parameters.end()))
        << operation.path << ": " << refusal;
  }
}

TEST_F(Contract, AFieldThatItDoesntNameIsRefused) {
  for (const Operation& operation : contract_.operations()) {
    if (operation.method != "POST" && operation.method != "PATCH") continue;
    std::string path = operation.path;
    if (const size_t place = path.find("{id}"); place != path.npos) path.replace(place, 4, "nobody");
    const Reply reply = keep_.Admin(operation.method, path, R"({"nobody":1})");
    EXPECT_EQ(reply.status, 400) << operation.id << ": " << reply.body;
    for (const std::string& field : contract_.FieldsOf(operation.body))
      EXPECT_NE(reply.body.find(field), std::string::npos) << operation.id << " doesn't know " << field;
  }
}

}  // namespace
}  // namespace postern::api
