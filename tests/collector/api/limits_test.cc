// Limits over the real API: what goes in, what is shown of them, who may, and what is recorded.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collector/api/limit_view.h"
#include "tests/collector/api/keep.h"

namespace postern::api {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kDollar = 1'000'000'000;

class ApiLimits : public ::testing::Test {
 protected:
  Reply Apply(const std::string& more, const std::string& query = "") {
    const std::string text = "organisation:\n  name: acme\n  models: {allow: [\"*\"]}\n" + more;
    return keep_.Call(
        keep_.admin,
        {.method = "PUT", .path = "/v1/policy" + query, .body = text, .content_type = "text/yaml"});
  }
  std::string Source() { return (*keep_.policies().Current())->source; }
  uint64_t InForce() { return (*keep_.policies().Current())->version.version; }
  wire::PolicyLimit Limit(int index) { return (*keep_.policies().Current())->policy.limits(index); }

  Keep keep_;
};

TEST_F(ApiLimits, OneThatIsSetIsAVersionOfThePolicy) {
  Apply("limits:\n  # ours\n  a: {usd: 5, per: day}\n");
  const Reply set = keep_.Admin("PUT", "/v1/limits/ml-month?wait=1",
                                R"({"scope":"team","subject":"ml","unit":"usd","amount":500000000000,)"
                                R"("per":"month","admission":"strict","message":"ask finance"})");
  EXPECT_EQ(set.status, 200) << set.body;
  EXPECT_THAT(set.body,
              AllOf(HasSubstr("\"version\":3"), HasSubstr("limit ml-month"), HasSubstr("\"reach\":{")));
  EXPECT_THAT(Source(),
              HasSubstr("limits:\n  # ours\n  a: {usd: 5, per: day}\n  ml-month: {team: ml, usd: 500, "
                        "per: month, admission: strict, message: \"ask finance\"}\n"));
  EXPECT_EQ(Limit(1).amount(), 500 * kDollar);
  const wire::Administration last = keep_.LastAdministration();
  EXPECT_EQ(last.action() + " " + last.target_kind() + " " + last.target(), "limit.set limit ml-month");
  EXPECT_EQ(last.outcome(), "done");
}

TEST_F(ApiLimits, ARaiseEndsAndOutlivesAChange) {
  Apply("limits:\n  a: {usd: 5, per: day}\n");
  EXPECT_EQ(
      keep_.Admin("POST", "/v1/limits/a/raise", R"({"by":2500000000,"until":"2200-01-01T00:00:00Z"})").status,
      200);
  EXPECT_THAT(Source(), HasSubstr("a: {usd: 5, per: day, raise: {by: 2.50, until: 2200-01-01}}\n"));
  EXPECT_EQ(keep_
                .Admin("PUT", "/v1/limits/a",
                       R"({"scope":"organisation","unit":"usd","amount":6000000000,"per":"day"})")
                .status,
            200);
  EXPECT_THAT(Source(), HasSubstr("a: {usd: 6, per: day, raise: {by: 2.50, until: 2200-01-01}}\n"));
  EXPECT_EQ(keep_.Admin("POST", "/v1/limits/a/raise", R"({"until":null})").status, 200);
  EXPECT_THAT(Source(), HasSubstr("a: {usd: 6, per: day}\n"));
  EXPECT_EQ(keep_.LastAdministration().action(), "limit.raise");
  EXPECT_EQ(keep_.Admin("POST", "/v1/limits/a/raise", R"({"by":1,"until":"2020-01-01T00:00:00Z"})").status,
            400);
  EXPECT_EQ(keep_.Admin("POST", "/v1/limits/a/raise", R"({"by":1})").status, 400);
  EXPECT_EQ(keep_.Admin("POST", "/v1/limits/a/raise", R"({"by":1,"until":null})").status, 400);
  EXPECT_EQ(keep_.Admin("POST", "/v1/limits/b/raise", R"({"until":null})").status, 404);
  EXPECT_EQ(keep_.LastAdministration().outcome(), "refused");
}

TEST_F(ApiLimits, WhatIsNoLimitIsRefused) {
  const auto wrong = [&](const std::string& id, const std::string& body) {
    const Reply reply = keep_.Admin("PUT", "/v1/limits/" + id, body);
    EXPECT_EQ(reply.status, 400) << body << reply.body;
    return reply.error();
  };
  EXPECT_THAT(wrong("a", R"({"scope":"group","unit":"usd","amount":1,"per":"day"})"),
              HasSubstr("\"scope\" must be one of organisation, team"));
  EXPECT_THAT(wrong("a", R"({"scope":"team","unit":"eur","amount":1,"per":"day"})"),
              HasSubstr("usd, tokens"));
  EXPECT_THAT(wrong("a", R"({"scope":"team","unit":"usd","amount":1})"), HasSubstr("minute, hour, day"));
  EXPECT_THAT(wrong("a", R"({"scope":"key","unit":"concurrent","amount":1,"per":"day"})"),
              HasSubstr("at once"));
  EXPECT_NE(wrong("a", R"({"scope":"team","unit":"usd","amount":-1,"per":"day"})"), "");
  EXPECT_NE(wrong("a", R"({"scope":"team","unit":"usd","amount":1.5,"per":"day"})"), "");
  EXPECT_NE(wrong("a", R"({"scope":"organisation","subject":"x","unit":"usd","amount":1,"per":"day"})"), "");
  EXPECT_NE(wrong("a", R"({"scope":"team","within":"x","unit":"usd","amount":1,"per":"day"})"), "");
  EXPECT_NE(wrong("a%20b", R"({"scope":"team","unit":"usd","amount":1,"per":"day"})"), "");
  EXPECT_NE(wrong("a?force=maybe", R"({"scope":"team","unit":"usd","amount":1,"per":"day"})"), "");
  EXPECT_NE(wrong("a?hurry=1", R"({"scope":"team","unit":"usd","amount":1,"per":"day"})"), "");
  EXPECT_EQ(InForce(), 1u);
  // A doubt of the policy's is one here.
  keep_.Admin("POST", "/v1/teams", R"({"id":"sales"})");
  const std::string nobody = R"({"scope":"team","subject":"slaes","unit":"usd","amount":1,"per":"day"})";
  const Reply doubt = keep_.Admin("PUT", "/v1/limits/a", nobody);
  EXPECT_EQ(doubt.status, 409);
  EXPECT_THAT(doubt.body, HasSubstr("did you mean \\\"sales\\\"?"));
  EXPECT_EQ(keep_.Admin("PUT", "/v1/limits/a?force=true", nobody).status, 200);
}

TEST_F(ApiLimits, WhatIsSpentHeldAndLeftIsShownByHost) {
  Apply("limits:\n  all: {usd: 100, per: month}\n  each: {each: user, requests: 10, per: day}\n");
  const std::string laptop = keep_.Enrol("laptop-1");
  keep_.accounts().Spend(laptop, "all", 80 * kDollar, 76 * kDollar);
  keep_.accounts().Spend("gone", "all", 10 * kDollar, 0);
  const json::Object shown = keep_.Admin("GET", "/v1/limits/all").object();
  EXPECT_EQ(*shown.Text("text"), "$100 a month");
  const json::Value account = shown.Require("accounts")->AsList()->at(0);
  const json::Object sums = *account.AsOpenObject();
  EXPECT_EQ(*sums.Integer("spent", 0, INT64_MAX), 76 * kDollar);
  EXPECT_EQ(*sums.Integer("held", 0, INT64_MAX), 14 * kDollar);
  EXPECT_EQ(*sums.Integer("left", 0, INT64_MAX), 10 * kDollar);
  EXPECT_EQ(*sums.Integer("passed", 0, 100), 75);
  const std::string body = keep_.Admin("GET", "/v1/limits/all").body;
  EXPECT_THAT(
      body,
      HasSubstr("\"host\":\"laptop-1\",\"incarnation\":\"7\",\"state\":\"earlier\",\"spent\":76000000000,"
                "\"held\":4000000000"));
  EXPECT_THAT(body,
              HasSubstr("\"agent\":\"gone\",\"host\":\"\",\"incarnation\":\"7\",\"state\":\"unknown\""));
  // Of an account for each nobody has asked anything.
  EXPECT_THAT(keep_.Admin("GET", "/v1/limits/each").body, HasSubstr("\"accounts\":[]"));
  EXPECT_EQ(keep_.Admin("GET", "/v1/limits/other").status, 404);
}

TEST_F(ApiLimits, OneThatNobodyHasAskedAnythingOfIsWhole) {
  Apply(
      "limits:\n  all: {usd: 100, per: month}\n  once: {concurrent: 4}\n  roll: {usd: 1, per: day, rolling: "
      "true}\n");
  const std::string body = keep_.Admin("GET", "/v1/limits/all").body;
  EXPECT_THAT(body, AllOf(HasSubstr("\"left\":100000000000"), HasSubstr("\"passed\":0"),
                          Not(HasSubstr("\"resets\":null"))));
  EXPECT_THAT(keep_.Admin("GET", "/v1/limits/once").body,
              HasSubstr("\"resets\":null,\"amount\":4,\"spent\":0"));
  EXPECT_THAT(keep_.Admin("GET", "/v1/limits/roll").body, HasSubstr("\"resets\":null"));
}

TEST_F(ApiLimits, AResetForgivesAndIsRecorded) {
  Apply("limits:\n  each: {each: user, requests: 10, per: day}\n");
  keep_.accounts().Spend("a", "each/ada@example.com", 9, 9);
  keep_.accounts().Spend("a", "each/bob@example.com", 9, 9);
  const Reply one = keep_.Admin("POST", "/v1/limits/each/reset", R"({"account":"each/ada@example.com"})");
  EXPECT_EQ(one.status, 200) << one.body;
  EXPECT_EQ(keep_.LastAdministration().sentence(), "account each/ada@example.com");
  EXPECT_EQ(keep_.accounts().Statements("each/ada@example.com").at(0).left, Amount(10));
  EXPECT_THAT(one.body, HasSubstr("\"amount\":10,\"spent\":0,"));
  EXPECT_THAT(one.body, HasSubstr("\"amount\":10,\"spent\":9,"));
  EXPECT_EQ(keep_.accounts().Statements("each/bob@example.com").at(0).left, Amount(1));
  EXPECT_EQ(keep_.Admin("POST", "/v1/limits/each/reset").status, 200);
  EXPECT_EQ(keep_.accounts().Statements("each/bob@example.com").at(0).left, Amount(10));
  EXPECT_EQ(keep_.LastAdministration().action(), "limit.reset");
  EXPECT_EQ(keep_.LastAdministration().sentence(), "2 accounts");
  EXPECT_EQ(keep_.Admin("POST", "/v1/limits/each/reset", R"({"account":"other/ada"})").status, 400);
  EXPECT_EQ(keep_.Admin("POST", "/v1/limits/none/reset").status, 404);
  EXPECT_EQ(keep_.LastAdministration().outcome(), "refused");
}

TEST_F(ApiLimits, ADeveloperSeesTheOwnAccountsAndNoHosts) {
  keep_.Admin("POST", "/v1/teams", R"({"id":"ml"})");
  keep_.Admin("PATCH", "/v1/users/ada%40example.com", R"({"team":"ml"})");
  Apply(
      "teams: {research: {teams: {ml: {}}}}\n"
      "limits:\n"
      "  each: {each: user, requests: 10, per: day}\n"
      "  ml: {team: research, requests: 10, per: day}\n"
      "  other: {user: bob@example.com, requests: 10, per: day}\n"
      "  theirs: {team: sales, requests: 10, per: day}\n",
      "?force=true");
  keep_.accounts().Spend("laptop", "each/ada@example.com", 3, 3);
  keep_.accounts().Spend("laptop", "each/bob@example.com", 4, 4);
  keep_.accounts().Spend("laptop", "ml", 5, 5);
  const std::string list = keep_.Call(keep_.developer, "GET", "/v1/limits").body;
  EXPECT_THAT(list, AllOf(HasSubstr("\"id\":\"each\""), HasSubstr("\"id\":\"ml\"")));
  EXPECT_THAT(list, AllOf(Not(HasSubstr("bob")), Not(HasSubstr("sales"))));
  const std::string each = keep_.Call(keep_.developer, "GET", "/v1/limits/each").body;
  EXPECT_THAT(each, AllOf(HasSubstr("each/ada@example.com"), HasSubstr("\"holders\":[]")));
  EXPECT_THAT(each, AllOf(Not(HasSubstr("bob")), Not(HasSubstr("laptop"))));
  EXPECT_THAT(keep_.Call(keep_.developer, "GET", "/v1/limits/ml").body, HasSubstr("\"spent\":5"));
  EXPECT_EQ(keep_.Call(keep_.developer, "GET", "/v1/limits/other").status, 404);
  EXPECT_EQ(keep_.Call(keep_.developer, "GET", "/v1/limits/theirs").status, 404);
  EXPECT_EQ(keep_.Call(keep_.developer, "PUT", "/v1/limits/each", "{}").status, 403);
}

TEST_F(ApiLimits, PagesAreInTheOrderOfIds) {
  Apply("limits:\n  c: {usd: 1, per: day}\n  a: {usd: 1, per: day}\n  b: {usd: 1, per: day}\n");
  const Reply first = keep_.Admin("GET", "/v1/limits?limit=2");
  EXPECT_THAT(first.body,
              AllOf(HasSubstr("\"id\":\"a\""), HasSubstr("\"id\":\"b\""), Not(HasSubstr("\"id\":\"c\""))));
  const Reply second = keep_.Admin("GET", "/v1/limits?limit=2&cursor=" + first.Text("next"));
  EXPECT_THAT(second.body, AllOf(HasSubstr("\"id\":\"c\""), HasSubstr("\"next\":null")));
}

TEST_F(ApiLimits, AnExplanationSaysWhichLimitsAreMetAndWhatIsLeft) {
  Apply("limits:\n  all: {usd: 100, per: month}\n  each: {each: user, requests: 10, per: day}\n");
  keep_.accounts().Spend("laptop", "all", 96 * kDollar, 96 * kDollar);
  const std::string explained =
      keep_.Admin("POST", "/v1/policy/explain", R"({"user":"ada@example.com","model":"claude-sonnet-5"})")
          .body;
  EXPECT_THAT(explained, HasSubstr("\"limits\":[{\"limit\":\"all\",\"account\":\"all\""));
  EXPECT_THAT(explained, HasSubstr("\"left\":4000000000,\"passed\":95"));
  EXPECT_THAT(explained, HasSubstr("\"account\":\"each/ada@example.com\""));
  EXPECT_THAT(explained, HasSubstr("\"standing\":null"));
}

TEST_F(ApiLimits, ARemovedOneIsGoneAndItsCommentsWithIt) {
  Apply("limits:\n  a: {usd: 5, per: day}\n  b: {usd: 6, per: day}\n");
  EXPECT_EQ(keep_.Admin("DELETE", "/v1/limits/a").status, 200);
  EXPECT_THAT(Source(), HasSubstr("limits:\n  b: {usd: 6, per: day}\n"));
  EXPECT_EQ(keep_.Admin("DELETE", "/v1/limits/a").status, 404);
  EXPECT_EQ(keep_.Admin("DELETE", "/v1/limits/b").status, 200);
  EXPECT_THAT(Source(), Not(HasSubstr("limits")));
}

TEST(LimitView, MarksArePassedAtExactlyTheirShare) {
  EXPECT_EQ(MarkOf(Amount(74), Amount(100)), 0);
  EXPECT_EQ(MarkOf(Amount(75), Amount(100)), 75);
  EXPECT_EQ(MarkOf(Amount(94), Amount(100)), 75);
  EXPECT_EQ(MarkOf(Amount(95), Amount(100)), 95);
  EXPECT_EQ(MarkOf(Amount(100), Amount(100)), 100);
  EXPECT_EQ(MarkOf(Amount(101), Amount(100)), 100);
  EXPECT_EQ(MarkOf(Amount(0), Amount(0)), 0);
  EXPECT_EQ(MarkOf(Amount(1), Amount(0)), 100);
  constexpr int64_t kMost = 1'000'000'000'000'000'000;
  EXPECT_EQ(MarkOf(Amount(kMost / 100 * 95), Amount(kMost)), 95);
  EXPECT_EQ(MarkOf(Amount(kMost / 100 * 95 - 1), Amount(kMost)), 75);
}

}  // namespace
}  // namespace postern::api
