// Policies over the real API: what goes in, what comes out, who may, and what is recorded.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/collector/api/keep.h"

namespace postern::api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string Text(const std::string& more = "") {
  return "organisation:\n  name: acme\n  models: {allow: [\"*\"]}\n" + more;
}

class ApiPolicies : public ::testing::Test {
 protected:
  Reply Yaml(const std::string& token, const std::string& method, const std::string& path,
             const std::string& text) {
    return keep_.Call(token, {.method = method, .path = path, .body = text, .content_type = "text/yaml"});
  }
  Reply Apply(const std::string& text, const std::string& query = "") {
    return Yaml(keep_.admin, "PUT", "/v1/policy" + query, text);
  }
  uint64_t InForce() { return (*keep_.policies().Current())->version.version; }

  Keep keep_;
};

TEST_F(ApiPolicies, ATextGoesInAndComesOutAsText) {
  EXPECT_EQ(Apply(Text("  max_tokens: 32000\n")).status, 200);
  EXPECT_EQ(InForce(), 2u);
  const Reply shown =
      keep_.Call(keep_.viewer, {.method = "GET", .path = "/v1/policy", .accept = "text/yaml"});
  EXPECT_EQ(shown.status, 200);
  EXPECT_EQ(shown.headers.find("content-type")->second, "text/yaml; charset=utf-8");
  EXPECT_EQ(shown.body, "# postern policy: version 2\n" + Text("  max_tokens: 32000\n"));
  EXPECT_EQ(Apply(shown.body + "  message: ask ada\n").status, 200);
  const Reply first =
      keep_.Call(keep_.viewer, {.method = "GET", .path = "/v1/policy/versions/1", .accept = "text/yaml"});
  EXPECT_THAT(first.body, StartsWith("# postern policy: version 1\n"));
  EXPECT_EQ(keep_.Admin("GET", "/v1/policy/versions/4").status, 404);
  EXPECT_EQ(keep_.Admin("GET", "/v1/policy/versions/first").status, 404);
}

TEST_F(ApiPolicies, ARefusalSaysWhereAndWhatIsMeant) {
  const Reply wrong = Apply("organisation:\n  name: acme\n  modles: {}\n");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_THAT(wrong.error(), HasSubstr("policy.yaml:3: "));
  EXPECT_THAT(wrong.error(), HasSubstr("did you mean \"models\"?"));
  EXPECT_THAT(wrong.body, HasSubstr("\"line\":3"));
  const wire::Administration last = keep_.LastAdministration();
  EXPECT_EQ(last.action(), "policy.apply");
  EXPECT_EQ(last.outcome(), "refused");
  EXPECT_EQ(last.administrator(), keep_.admin_id);
  EXPECT_EQ(InForce(), 1u);
}

TEST_F(ApiPolicies, AnOlderBaseIsAConflictAndForceIsSaid) {
  Apply(Text("  max_tokens: 32000\n"));
  const Reply stale = Apply(Text("  max_tokens: 16000\n"), "?based_on=1");
  EXPECT_EQ(stale.status, 409);
  EXPECT_EQ(stale.Text("outcome"), "stale");
  EXPECT_THAT(stale.body, HasSubstr("\"missed\":{\"differences\":[{"));
  const std::string nobody = "organisation: {name: acme, models: {deny: [\"*\"]}}\n";
  keep_.Admin("POST", "/v1/keys", R"({"user":"ada@example.com"})");
  const Reply locked = Apply(nobody);
  EXPECT_EQ(locked.status, 409);
  EXPECT_EQ(locked.Text("outcome"), "needs_force");
  EXPECT_EQ(Apply(nobody, "?force=true").status, 200);
  EXPECT_EQ(keep_.LastAdministration().target(), "3");
  EXPECT_EQ(Apply(nobody, "?force=yes").status, 400);
  EXPECT_EQ(Apply(nobody, "?based_on=0").status, 400);
  EXPECT_EQ(Apply(nobody, "?based=1").status, 400);
}

TEST_F(ApiPolicies, WhomANewVersionHasReachedIsSaidWhereItIsAskedFor) {
  EXPECT_THAT(Apply(Text("  max_tokens: 1\n")).body, Not(HasSubstr("\"reach\"")));
  const Reply applied = Apply(Text("  max_tokens: 2\n"), "?wait=0");
  EXPECT_EQ(applied.status, 200);
  EXPECT_THAT(applied.body, HasSubstr("\"reach\":{\"revision\":3,"));
  EXPECT_THAT(applied.body, HasSubstr("\"why\":\"refuses\""));
  EXPECT_THAT(applied.body, HasSubstr("laptop-5 is connected and doesn't take it"));
  EXPECT_THAT(keep_.Admin("POST", "/v1/policy/rollback?wait=0", R"({"version":2})").body,
              HasSubstr("\"reach\":{\"revision\":4,"));
  EXPECT_EQ(Apply(Text("  max_tokens: 3\n"), "?wait=61").status, 400);
  EXPECT_EQ(Apply(Text("  max_tokens: 3\n"), "?wait=0&wait=1").status, 400);
  EXPECT_EQ(keep_.Admin("POST", "/v1/policy/rollback?wait=soon", R"({"version":2})").status, 400);
  EXPECT_EQ(InForce(), 4u) << "what is wrong is found before anything is changed";
}

TEST_F(ApiPolicies, CheckAndDiffChangeAndRecordNothing) {
  const size_t before = keep_.Administrations();
  EXPECT_EQ(Yaml(keep_.viewer, "POST", "/v1/policy/check", "organisation: 5\n").Text("outcome"), "wrong");
  const Reply diff = Yaml(keep_.viewer, "POST", "/v1/policy/diff", Text("  max_tokens: 16000\n"));
  EXPECT_EQ(diff.status, 200);
  EXPECT_THAT(diff.body, HasSubstr("\"matter\":\"max_tokens\""));
  EXPECT_EQ(keep_.Administrations(), before);
  EXPECT_EQ(InForce(), 1u);
  EXPECT_EQ(keep_.Call(keep_.viewer, "POST", "/v1/policy/check", Text()).status, 400);  // as application/json
}

TEST_F(ApiPolicies, ALargeTextIsTakenFromWhoMaySendOneAlone) {
  const std::string large = Text("# " + std::string(2 << 20, 'x') + "\n");
  EXPECT_EQ(Apply(large).status, 200);
  EXPECT_EQ(Yaml(keep_.viewer, "POST", "/v1/policy/check", large).status, 200);
  EXPECT_EQ(Yaml(keep_.viewer, "PUT", "/v1/policy", large).status, 413);
  EXPECT_EQ(Yaml(keep_.developer, "POST", "/v1/policy/diff", large).status, 413);
  EXPECT_EQ(Yaml("", "PUT", "/v1/policy", large).status, 413);
  EXPECT_EQ(Yaml(keep_.admin, "POST", "/v1/keys", large).status, 413);
  EXPECT_EQ(Apply("# " + std::string(8 << 20, 'x')).status, 413);
}

TEST_F(ApiPolicies, ADeveloperLearnsOfTheOwnUserAlone) {
  keep_.Admin("POST", "/v1/teams", R"({"id":"ml"})");
  keep_.Admin("POST", "/v1/users", R"({"id":"bob@example.com","team":"ml"})");
  const Reply made = keep_.Admin("POST", "/v1/keys", R"({"user":"bob@example.com"})");
  const std::string bobs = *made.object().Require("key")->AsOpenObject()->Text("id");
  ASSERT_EQ(
      Apply(Text("teams: {ml: {models: {deny: [\"*haiku*\"]}}}\nusers: {bob@example.com: {max_tokens: 5}}\n"))
          .status,
      200);
  const auto ask = [&](const std::string& body) {
    return keep_.Call(keep_.developer, "POST", "/v1/policy/explain", body);
  };
  const Reply own = ask(R"({"model":"claude-haiku-4-5"})");
  EXPECT_EQ(own.status, 200) << own.body;
  EXPECT_THAT(own.body, HasSubstr("\"user\":\"ada@example.com\""));
  EXPECT_THAT(own.body, Not(HasSubstr("teams")));
  EXPECT_THAT(own.body, Not(HasSubstr("bob")));
  EXPECT_EQ(ask(R"({"user":"bob@example.com"})").status, 403);
  EXPECT_EQ(ask(R"({"team":"ml"})").status, 403);
  EXPECT_EQ(ask(R"({"key":")" + bobs + R"("})").error(),
            ask(R"({"key":"k00000000000"})")
                .error()
                .replace(ask(R"({"key":"k00000000000"})").error().find("k0"), 12, bobs));
  EXPECT_EQ(keep_.Call(keep_.developer, "GET", "/v1/policy").status, 403);
  EXPECT_EQ(
      keep_.Admin("POST", "/v1/policy/explain", R"({"key":")" + bobs + R"(","model":"claude-haiku-4-5"})")
          .Text("rule"),
      "teams.ml.models.deny[0]");
}

TEST_F(ApiPolicies, AFreezeIsSaidShownAndRecorded) {
  const Reply frozen = keep_.Admin("POST", "/v1/freeze", R"({"sentence":"Ask Ada."})");
  EXPECT_EQ(frozen.status, 200);
  EXPECT_EQ(keep_.LastAdministration().action(), "freeze");
  EXPECT_EQ(keep_.Call(keep_.viewer, "GET", "/v1/freeze").Text("sentence"), "Ask Ada.");
  EXPECT_THAT(keep_.Call(keep_.viewer, "GET", "/metrics").body, HasSubstr("postern_collector_frozen 1\n"));
  EXPECT_EQ(keep_.Call(keep_.viewer, "POST", "/v1/thaw").status, 403);
  EXPECT_TRUE(keep_.policies().Freezing()->frozen());
  keep_.Admin("POST", "/v1/thaw");
  EXPECT_FALSE(keep_.policies().Freezing()->frozen());
  EXPECT_THAT(keep_.Call(keep_.viewer, "GET", "/metrics").body,
              HasSubstr("postern_collector_policy_version 1\n"));
}

TEST_F(ApiPolicies, WhatIsNotSignedIsNoSignedPolicy) {
  const auto put = [&](const std::string& body) {
    return keep_.Call(
        keep_.admin,
        {.method = "PUT", .path = "/v1/policy", .body = body, .content_type = "application/octet-stream"});
  };
  EXPECT_EQ(put("\xff\xff\xff").status, 400);
  EXPECT_EQ(put(wire::SignedPolicy().SerializeAsString() + "\n\1x").status, 400);
  EXPECT_EQ(keep_.LastAdministration().outcome(), "refused");
  EXPECT_EQ(InForce(), 1u);
}

}  // namespace
}  // namespace postern::api
