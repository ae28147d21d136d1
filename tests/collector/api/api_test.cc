#include "collector/api/api.h"

#include <future>
#include <thread>

#include <gtest/gtest.h>

#include "tests/collector/api/keep.h"

namespace postern::api {
namespace {

TEST(Api, HealthNeedsNoTokenAndTheRestDoes) {
  const Keep keep;
  EXPECT_EQ(keep.Call("", "GET", "/healthz").body, R"({"status":"ok"})");
  const Reply refused = keep.Call("", "GET", "/v1/whoami");
  EXPECT_EQ(refused.error(), "401 denied: the call needs an administrator's token that is valid");
  EXPECT_EQ(refused.headers.at("www-authenticate"), "Bearer");
  EXPECT_EQ(keep.Call("psa_wrong", "GET", "/v1/whoami").status, 401);
  std::string mistyped = keep.admin;
  mistyped.back() = mistyped.back() == 'x' ? 'y' : 'x';
  EXPECT_EQ(keep.Call(mistyped, "GET", "/v1/whoami").status, 401);
}

TEST(Api, SaysWhoseTokenItIs) {
  const Keep keep;
  const Reply me = keep.Call(keep.developer, "GET", "/v1/whoami");
  EXPECT_EQ(me.Text("name"), "ada");
  EXPECT_EQ(me.Text("role"), "developer");
  EXPECT_EQ(me.Text("user"), "ada@example.com");
  EXPECT_EQ(me.Text("id"), keep.developer_id);
  EXPECT_EQ(me.Text("organisation"), "acme");
}

TEST(Api, APathOrAMethodThatNobodyKnows) {
  const Keep keep;
  EXPECT_EQ(keep.Admin("GET", "/v1/nothing").status, 404);
  EXPECT_EQ(keep.Admin("GET", "/v1/keys/").status, 404);
  EXPECT_EQ(keep.Admin("GET", "/v1//keys").status, 404);
  EXPECT_EQ(keep.Admin("GET", "/v1/keys/a/b/c").status, 404);
  const Reply reply = keep.Admin("PUT", "/v1/keys");
  EXPECT_EQ(reply.status, 405);
  EXPECT_EQ(reply.headers.at("allow"), "GET, POST");
  EXPECT_EQ(keep.Call("", "GET", "/v1/nothing").status, 401);
}

TEST(Api, AKeyLivesFromItsMakingToItsEnd) {
  const Keep keep;
  const Reply made = keep.Admin("POST", "/v1/keys",
                                R"({"user":"ada@example.com","label":"laptop","hosts":["build-1"],)"
                                R"("expires":"2261-01-01T00:00:00Z"})");
  ASSERT_EQ(made.status, 201) << made.error();
  const std::string id = *made.object().Require("key")->AsOpenObject()->Text("id");
  EXPECT_EQ(made.Text("text").substr(0, 17), "pst_" + id + "_");
  const std::string path = "/v1/keys/" + id;
  EXPECT_EQ(keep.Admin("GET", path).Text("label"), "laptop");
  EXPECT_EQ(keep.Admin("GET", path).body.find(made.Text("text").substr(17)), std::string::npos);

  const Reply updated = keep.Admin("PATCH", path, R"({"label":"desktop","expires":null,"hosts":[]})");
  EXPECT_EQ(updated.Text("label"), "desktop");
  EXPECT_TRUE(updated.object().Find("expires")->is_null());
  EXPECT_TRUE(updated.object().Texts("hosts")->empty());

  EXPECT_EQ(keep.Admin("POST", path + "/disable", R"({"sentence":"ask Bob"})").Text("state"), "disabled");
  EXPECT_EQ(keep.Admin("GET", path).Text("sentence"), "ask Bob");
  EXPECT_EQ(keep.Admin("POST", path + "/enable").Text("state"), "active");
  const Reply rotated = keep.Admin("POST", path + "/rotate");
  EXPECT_NE(rotated.Text("text"), made.Text("text"));
  EXPECT_EQ(keep.Admin("POST", path + "/revoke").Text("state"), "revoked");
  EXPECT_EQ(keep.Admin("POST", path + "/revoke").Text("state"), "revoked");
  const Reply late = keep.Admin("POST", path + "/enable");
  EXPECT_EQ(late.status, 409) << late.error();
}

TEST(Api, WhatIsThereAlreadyIsAConflict) {
  const Keep keep;
  EXPECT_EQ(keep.Admin("POST", "/v1/users", R"({"id":"ada@example.com"})").error(),
            "409 denied: there is a user \"ada@example.com\" already");
}

TEST(Api, ListsComeInPages) {
  const Keep keep;
  for (const char* id : {"a", "b", "c"}) {
    ASSERT_EQ(keep.Admin("POST", "/v1/teams", R"({"id":")" + std::string(id) + R"("})").status, 201);
  }
  const Reply first = keep.Admin("GET", "/v1/teams?limit=2");
  EXPECT_EQ(first.object().Require("items")->AsList()->size(), 2u);
  const Reply second = keep.Admin("GET", "/v1/teams?limit=2&cursor=" + rest::Escape(first.Text("next")));
  EXPECT_EQ(second.object().Require("items")->AsList()->size(), 1u);
  EXPECT_TRUE(second.object().Find("next")->is_null());
  EXPECT_EQ(keep.Admin("GET", "/v1/teams?limit=0").status, 400);
  EXPECT_EQ(keep.Admin("GET", "/v1/teams?color=red").status, 400);
  EXPECT_EQ(keep.Admin("GET", "/v1/teams?cursor=%21%21").status, 400);
}

TEST(Api, AWrongBodyIsRefusedWithASentence) {
  const Keep keep;
  EXPECT_EQ(keep.Admin("POST", "/v1/keys", "").error(), "400 invalid: the call needs a body, a JSON object");
  EXPECT_EQ(keep.Admin("POST", "/v1/keys", "{").status, 400);
  EXPECT_EQ(keep.Admin("POST", "/v1/keys", "[]").error(),
            "400 invalid: the text must be an object, not a list");
  EXPECT_EQ(keep.Admin("POST", "/v1/keys", "{}").error(), "400 invalid: \"user\" is missing");
  EXPECT_EQ(keep.Admin("POST", "/v1/keys", R"({"usr":"x"})").error(),
            "400 invalid: \"usr\" is not a field here; known are: user, label, expires, hosts, os_users, "
            "credentials");
  EXPECT_EQ(keep.Admin("POST", "/v1/keys", R"({"user":"ada@example.com","expires":"soon"})").error(),
            "400 invalid: \"expires\" must be a time such as 2026-11-23T22:18:55Z");
  EXPECT_EQ(keep.Admin("POST", "/v1/keys", R"({"user":"nobody"})").status, 404);
  EXPECT_EQ(keep.Admin("POST", "/v1/administrators", R"({"name":"x","role":"king"})").error(),
            "400 invalid: \"role\" must be admin, viewer or developer");
}

TEST(Api, ACredentialsValueNeverComesBack) {
  const Keep keep;
  const std::string value = "the-value-of-the-credential";
  const Reply added = keep.Admin("POST", "/v1/credentials",
                                 R"({"id":"main","provider":"anthropic","value":")" + value + R"("})");
  ASSERT_EQ(added.status, 201) << added.error();
  EXPECT_EQ(added.Text("header"), "x-api-key");
  const Reply rotated = keep.Admin("POST", "/v1/credentials/main/rotate", R"({"value":")" + value + R"(2"})");
  EXPECT_EQ(rotated.object().Integer("generation", 0, 9).value_or(0), 2);
  for (const char* path : {"/v1/credentials", "/v1/credentials/main", "/v1/events?limit=1000"})
    EXPECT_EQ(keep.Admin("GET", path).body.find(value), std::string::npos) << path;
  EXPECT_EQ(added.body.find(value), std::string::npos);
  EXPECT_EQ(keep.Admin("DELETE", "/v1/credentials/main").status, 204);
  EXPECT_EQ(keep.Admin("GET", "/v1/credentials/main").status, 404);
}

TEST(Api, AHostJoinsOnceWithItsToken) {
  Keep keep;
  const Reply token = keep.Admin("POST", "/v1/enrolment-tokens");
  ASSERT_EQ(token.status, 201) << token.error();
  const std::string text = token.Text("text");
  EXPECT_EQ(text.substr(text.find('@') + 1), keep.api().fingerprint());
  const auto body = [&](const std::string& secret, const std::string& machine) {
    return R"({"token":")" + secret + R"(","host":"build-1","machine":")" + machine + R"(","curve_key":")" +
           HexKey(2) + R"(","seal_key":")" + HexKey(3) + R"(","sealing_key":")" + HexKey(4) +
           R"(","version":"1.0"})";
  };
  const std::string secret = text.substr(0, text.find('@'));
  EXPECT_EQ(keep.Call("", "POST", "/v1/enrol", body(secret, "abc")).error(),
            "400 invalid: \"machine\" must have 64 hexadecimal digits");
  EXPECT_EQ(keep.Call("", "POST", "/v1/enrol", body("pse_wrong", HexKey(1))).status / 100, 4);

  const std::string agent = keep.Enrol("build-2");
  EXPECT_EQ(keep.Admin("GET", "/v1/agents/" + agent).Text("host"), "build-2");
  EXPECT_TRUE(keep.Admin("GET", "/v1/agents/" + agent).object().Find("presence")->is_null());
  keep.presence().Update(agent, [](intake::AgentPresence& seen) {
    seen.connected = true;
    seen.stored = {7, 10};
    seen.claimed = {7, 14};
  });
  const auto presence = keep.Admin("GET", "/v1/agents/" + agent).object().Require("presence");
  EXPECT_EQ(*presence->AsOpenObject()->Integer("tail", 0, 100), 4);

  const Reply revoked = keep.Admin("POST", "/v1/agents/" + agent + "/revoke");
  EXPECT_EQ(*revoked.object().Require("agent")->AsOpenObject()->Text("state"), "revoked");
  EXPECT_TRUE(revoked.object().Texts("rotate")->empty());
  const Reply forfeited = keep.Admin("POST", "/v1/agents/" + agent + "/forfeit");
  EXPECT_EQ(forfeited.status, 200);
  EXPECT_EQ(*forfeited.object().Text("state"), "revoked");
}

TEST(Api, AnEnrolmentTokenIsSpentOnce) {
  Keep keep;
  const std::string agent = keep.Enrol("build-1");
  const auto tokens = *keep.Admin("GET", "/v1/enrolment-tokens").object().Require("items")->AsList();
  ASSERT_EQ(tokens.size(), 1u);
  EXPECT_EQ(*tokens[0].AsOpenObject()->Text("state"), "spent");
  EXPECT_EQ(*tokens[0].AsOpenObject()->Text("spent_by"), agent);
  const Reply open = keep.Admin("POST", "/v1/enrolment-tokens");
  const std::string id = *open.object().Require("token")->AsOpenObject()->Text("id");
  EXPECT_EQ(keep.Admin("DELETE", "/v1/enrolment-tokens/" + id).status, 204);
  EXPECT_EQ(keep.Admin("DELETE", "/v1/enrolment-tokens/" + id).status, 404);
}

TEST(Api, TheLastAdministratorStays) {
  const Keep keep;
  EXPECT_EQ(keep.Admin("DELETE", "/v1/administrators/" + keep.admin_id).status, 409);
  const Reply other = keep.Admin("POST", "/v1/administrators", R"({"name":"second","role":"admin"})");
  ASSERT_EQ(other.status, 201) << other.error();
  EXPECT_EQ(keep.Call(other.Text("text"), "DELETE", "/v1/administrators/" + keep.admin_id).status, 204);
  EXPECT_EQ(keep.Admin("GET", "/v1/whoami").status, 401);
}

TEST(Api, ADeveloperSeesWhatIsTheirsAndNothingTellsOfOthers) {
  Keep keep;
  ASSERT_EQ(keep.Admin("POST", "/v1/users", R"({"id":"bob@example.com"})").status, 201);
  const auto key_of = [&](const std::string& user) {
    return *keep.Admin("POST", "/v1/keys", R"({"user":")" + user + R"("})")
                .object()
                .Require("key")
                ->AsOpenObject()
                ->Text("id");
  };
  const std::string mine = key_of("ada@example.com");
  const std::string other = key_of("bob@example.com");
  const auto get = [&](const std::string& path) { return keep.Call(keep.developer, "GET", path); };
  EXPECT_EQ(get("/v1/keys").object().Require("items")->AsList()->size(), 1u);
  EXPECT_EQ(get("/v1/keys/" + mine).status, 200);
  const std::string unknown = "aaaaaaaaaaaa";
  std::string told = get("/v1/keys/" + other).body;
  told.replace(told.find(other), other.size(), unknown);
  EXPECT_EQ(told, get("/v1/keys/" + unknown).body);
  EXPECT_EQ(get("/v1/keys?user=bob%40example.com").status, 403);
  EXPECT_EQ(get("/v1/events?user=bob%40example.com").status, 403);
  EXPECT_EQ(get("/v1/usage?user=bob%40example.com").status, 403);

  audit::LogOf log(keep.store());
  const auto now = std::chrono::floor<std::chrono::hours>(WallNow());
  const ExchangeId of_ada = audit::ExchangeAt(now, 1);
  const ExchangeId of_bob = audit::ExchangeAt(now, 2);
  const uint64_t seen =
      log.Add(audit::Outcome(of_ada), {.time = now, .user = "ada@example.com"}, {.requests = 1});
  const uint64_t hidden =
      log.Add(audit::Intent(of_bob, "bob@example.com"), {.time = now, .user = "bob@example.com"});
  log.Add(audit::Outcome(of_bob), {.time = now, .user = "bob@example.com"}, {.requests = 5});
  const auto items = *get("/v1/events").object().Require("items")->AsList();
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(*items[0].AsOpenObject()->Integer("leaf", 0, 10'000), static_cast<int64_t>(seen));
  EXPECT_EQ(get("/v1/events/" + std::to_string(seen)).status, 200);
  EXPECT_EQ(get("/v1/events/" + std::to_string(hidden)).status, 404);
  EXPECT_EQ(get("/v1/events/" + of_bob.ToString()).status, 404);
  EXPECT_EQ(keep.Admin("GET", "/v1/events/" + of_bob.ToString()).status, 200);
  const auto total = [&](const std::string& token) {
    return *keep.Call(token, "GET", "/v1/usage?from=1970-01-01&to=2200-01-01")
                .object()
                .Require("total")
                ->AsOpenObject()
                ->Integer("requests", 0, 100);
  };
  EXPECT_EQ(total(keep.developer), 1);
  EXPECT_EQ(total(keep.viewer), 6);
}

TEST(Api, WhoAsksForWhatFollowsWaitsForIt) {
  Keep keep;
  audit::LogOf log(keep.store());
  const int64_t last = *keep.Admin("GET", "/v1/events").object().Integer("last", -1, 10'000);
  auto waiting = std::async(std::launch::async, [&] {
    return keep.Call(keep.viewer, "GET", "/v1/events?kind=intent&wait=60&after=" + std::to_string(last));
  });
  const uint64_t leaf =
      log.Add(audit::Intent(audit::ExchangeAt(audit::At(5), 1), "ada"), {.time = audit::At(5)});
  const Reply reply = waiting.get();
  const auto items = *reply.object().Require("items")->AsList();
  ASSERT_EQ(items.size(), 1u) << reply.body;
  EXPECT_EQ(*items[0].AsOpenObject()->Integer("leaf", 0, 10'000), static_cast<int64_t>(leaf));
  EXPECT_EQ(*reply.object().Integer("last", 0, 10'000), static_cast<int64_t>(leaf));
  const Reply none = keep.Call(keep.viewer, "GET", "/v1/events?kind=intent&after=" + std::to_string(leaf));
  EXPECT_EQ(none.object().Require("items")->AsList()->size(), 0u);
}

TEST(Api, EventsComeOneALineForAsLongAsTheCallerListens) {
  Keep keep;
  audit::LogOf log(keep.store());
  const auto add = [&](uint8_t number) {
    log.Add(audit::Intent(audit::ExchangeAt(audit::At(5), number), "ada"), {.time = audit::At(5)});
  };
  add(1);
  std::vector<std::string> lines;
  const rest::Call tail{
      .path = "/v1/events", .query = {{"kind", "intent"}, {"after", "-1"}}, .accept = "application/jsonl"};
  const auto reply =
      (*rest::Client::Make(keep.ClientOptions(keep.viewer)))->Follow(tail, [&](std::string_view line) {
        if (line.empty()) return true;
        lines.emplace_back(line);
        if (lines.size() < 3) add(static_cast<uint8_t>(lines.size() + 1));
        return lines.size() < 3;
      });
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->content_type, "application/jsonl");
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(*json::Parse(lines[2])->AsOpenObject()->Text("kind"), "intent");
}

TEST(Api, ATokenThatIsRemovedEndsWhatItFollows) {
  Limits limits;
  limits.sign_of_life = std::chrono::milliseconds(1);
  Keep keep(limits);
  bool removed = false;
  int signs_of_life = 0;
  const auto reply =
      (*rest::Client::Make(keep.ClientOptions(keep.viewer)))
          ->Follow({.path = "/v1/events", .query = {{"after", "-1"}}, .accept = "application/jsonl"},
                   [&](std::string_view line) {
                     if (line.empty() && ++signs_of_life == 2)
                       removed = keep.Admin("DELETE", "/v1/administrators/" + keep.viewer_id).status == 204;
                     return true;
                   });
  EXPECT_TRUE(reply);
  EXPECT_TRUE(removed);
}

TEST(Api, AllThatMatchComesOneALineAndEnds) {
  Keep keep;
  audit::LogOf log(keep.store());
  for (int i = 0; i < 1500; ++i)
    log.Add(audit::Intent(audit::ExchangeAt(audit::At(i), 1), "ada"), {.time = audit::At(i)});
  std::vector<int64_t> leaves;
  const auto reply =
      (*rest::Client::Make(keep.ClientOptions(keep.viewer)))
          ->Follow({.path = "/v1/events", .query = {{"kind", "intent"}}, .accept = "application/jsonl"},
                   [&](std::string_view line) {
                     leaves.push_back(*json::Parse(line)->AsOpenObject()->Integer("leaf", 0, 100'000));
                     return true;
                   });
  ASSERT_TRUE(reply) << reply.error().message;
  ASSERT_EQ(leaves.size(), 1500u);
  EXPECT_EQ(leaves.front() - leaves.back(), 1499);
}

TEST(Api, ClosingEndsWhoWaits) {
  Keep keep;
  std::promise<void> first;
  std::thread follower([&] {
    bool told = false;
    (void)(*rest::Client::Make(keep.ClientOptions(keep.viewer)))
        ->Follow({.path = "/v1/events", .query = {{"after", "-1"}}, .accept = "application/jsonl"},
                 [&](std::string_view) {
                   if (!std::exchange(told, true)) first.set_value();
                   return true;
                 });
  });
  first.get_future().wait();
  keep.api().Close();
  follower.join();
}

TEST(Api, TooManyTailsAreTurnedAway) {
  Limits limits;
  limits.tails = 2;
  Keep keep(limits);
  std::promise<void> listening;
  std::promise<void> enough;
  std::thread follower([&] {
    bool told = false;
    (void)(*rest::Client::Make(keep.ClientOptions(keep.viewer)))
        ->Follow({.path = "/v1/events", .query = {{"after", "-1"}}, .accept = "application/jsonl"},
                 [&](std::string_view) {
                   if (!std::exchange(told, true)) {
                     listening.set_value();
                     enough.get_future().wait();
                   }
                   return false;
                 });
  });
  listening.get_future().wait();
  const Reply second = keep.Call(keep.viewer, {.path = "/v1/events", .accept = "application/jsonl"});
  EXPECT_EQ(second.error(), "429 exhausted: too many wait for events already");
  EXPECT_EQ(second.headers.count("retry-after"), 1u);
  enough.set_value();
  follower.join();
}

TEST(Api, AnAddressThatGuessesIsLockedOut) {
  Limits limits;
  limits.bad_tokens = 4;
  const Keep keep(limits);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(keep.Call("psa_guess", "GET", "/v1/keys").status, 401);
  EXPECT_EQ(keep.Admin("GET", "/v1/whoami").status, 200);
  const Reply last = keep.Call("psa_guess", "GET", "/v1/keys");
  EXPECT_EQ(last.status, 429);
  EXPECT_EQ(last.headers.at("retry-after"), "300");
  EXPECT_EQ(keep.Admin("GET", "/v1/whoami").error(),
            "429 exhausted: this address presented too many wrong tokens");
  EXPECT_EQ(keep.Call("", "GET", "/healthz").status, 200);
}

TEST(Api, ATokenThatCallsTooOftenHasToWait) {
  Limits limits;
  limits.calls_at_once = 3;
  limits.calls_per_second = 0.001;
  const Keep keep(limits);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(keep.Call(keep.viewer, "GET", "/v1/whoami").status, 200);
  EXPECT_EQ(keep.Call(keep.viewer, "GET", "/v1/whoami").status, 429);
  EXPECT_EQ(keep.Admin("GET", "/v1/whoami").status, 200);
}

TEST(Api, ManyHostsOfOneAddressHaveToWait) {
  Limits limits;
  limits.enrolments_at_once = 2;
  limits.enrolments_per_second = 0.001;
  const Keep keep(limits);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(keep.Call("", "POST", "/v1/enrol", "{}").status, 400);
  EXPECT_EQ(keep.Call("", "POST", "/v1/enrol", "{}").status, 429);
}

TEST(Api, ManyAskAtOnce) {
  const Keep keep;
  std::vector<std::thread> threads;
  std::atomic<int> made{0};
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 5; ++i) {
        const std::string id = std::to_string(thread) + "-" + std::to_string(i);
        if (keep.Admin("POST", "/v1/teams", R"({"id":")" + id + R"("})").status == 201) ++made;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(made, 40);
  EXPECT_EQ(keep.Admin("GET", "/v1/teams").object().Require("items")->AsList()->size(), 40u);
}

TEST(Api, ARenewedCertificateIsKnownToTheNextToken) {
  Keep keep;
  const std::string before = keep.api().fingerprint();
  support::TemporaryDirectory elsewhere;
  const support::Certificate other = support::MakeCertificate(elsewhere);
  keep.files().Write("localhost.crt", support::ReadFile(other.certificate));
  EXPECT_FALSE(keep.api().ReloadCertificate());
  EXPECT_EQ(keep.api().fingerprint(), before);
  keep.files().Write("localhost.key", support::ReadFile(other.key));
  ASSERT_TRUE(keep.api().ReloadCertificate());
  EXPECT_NE(keep.api().fingerprint(), before);
  const std::string text = keep.Admin("POST", "/v1/enrolment-tokens").Text("text");
  EXPECT_EQ(text.substr(text.find('@') + 1), keep.api().fingerprint());
}

// What the only host that holds something of the account has given back.
Amount Returned(Keep& keep) {
  const auto statements = keep.treasury().Statements("each-day/ada");
  EXPECT_TRUE(statements && statements->size() == 1 && statements->front().holders.size() == 1);
  return statements->front().holders.front().second.returned;
}

std::string EnrolWithMoney(Keep& keep) {
  const std::string agent = keep.Enrol("build-1");
  const treasury::Holder holder{agent, 1};
  keep.treasury().Greet(holder, 1, {}, WallNow());
  limits::Demand demand{.number = 1, .at = WallNow(), .claims = {}};
  demand.claims.emplace_back().account = "each-day/ada";
  demand.claims.back().amount = Amount(7);
  EXPECT_TRUE(keep.treasury().Ask(holder, demand));
  EXPECT_EQ(Returned(keep), Amount(0));
  return agent;
}

TEST(Api, ForfeitingAHostFreesTheMoneyThatItHolds) {
  Keep keep;
  const std::string agent = EnrolWithMoney(keep);
  EXPECT_EQ(keep.Admin("POST", "/v1/agents/" + agent + "/forfeit").status, 200);
  EXPECT_EQ(Returned(keep), Amount(7));
  EXPECT_EQ(keep.Admin("POST", "/v1/agents/" + agent + "/forfeit").status, 200);
}

TEST(Api, ARevokedHostWillNeverGiveBackItselfAndIsForfeited) {
  Keep keep;
  const std::string agent = EnrolWithMoney(keep);
  EXPECT_EQ(keep.Admin("POST", "/v1/agents/" + agent + "/revoke").status, 200);
  EXPECT_EQ(Returned(keep), Amount(0));
  EXPECT_EQ(keep.Admin("POST", "/v1/agents/" + agent + "/forfeit").status, 200);
  EXPECT_EQ(Returned(keep), Amount(7));
}

}  // namespace
}  // namespace postern::api
