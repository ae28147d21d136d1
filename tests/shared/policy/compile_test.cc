#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/policy/limits.h"
#include "tests/shared/policy/policy_text.h"

namespace postern::policy {
namespace {

using testing::HasSubstr;

std::string Wrong(const wire::Policy& policy) {
  const auto compiled = Compiled::Compile(policy, SmallCatalogue());
  return compiled ? "" : compiled.error().message;
}

wire::Policy Plain() { return PolicyOf("  models: {allow: [\"*\"]}\n"); }

TEST(Compile, ATeamWithinItselfIsNoTeam) {
  wire::Policy policy = Plain();
  policy.add_teams()->set_id("a");
  policy.add_teams()->set_id("b");
  policy.mutable_teams(0)->set_parent("b");
  EXPECT_EQ(Wrong(policy), "");
  policy.mutable_teams(1)->set_parent("a");
  EXPECT_THAT(Wrong(policy), HasSubstr("a team within itself"));
  policy.mutable_teams(1)->set_parent("c");
  EXPECT_THAT(Wrong(policy), HasSubstr("there is no team c"));
}

TEST(Compile, TeamsAreSixteenDeepAtMost) {
  wire::Policy policy = Plain();
  for (size_t i = 0; i < kMostTeamDepth; ++i) {
    policy.add_teams()->set_id("t" + std::to_string(i));
    if (i > 0) policy.mutable_teams(static_cast<int>(i))->set_parent("t" + std::to_string(i - 1));
  }
  EXPECT_EQ(Wrong(policy), "");
  policy.add_teams()->set_id("last");
  policy.mutable_teams()->rbegin()->set_parent("t15");
  EXPECT_NE(Wrong(policy), "");
}

TEST(Compile, NamesStandOnce) {
  wire::Policy policy = Plain();
  policy.add_users()->set_id("alice");
  policy.add_users()->set_id("alice");
  EXPECT_THAT(Wrong(policy), HasSubstr("alice stands there twice"));
  policy.mutable_users(1)->set_id("");
  EXPECT_NE(Wrong(policy), "");
}

TEST(Compile, HoldsItsBounds) {
  wire::Policy policy = Plain();
  policy.mutable_defaults()->mutable_tools()->add_deny("*a*a*a*a*a*a*a*a*");
  EXPECT_THAT(Wrong(policy), HasSubstr("organisation.tools.deny[0]: a pattern with more than 8"));
  policy = Plain();
  policy.mutable_defaults()->add_hours()->set_end(99'999);
  EXPECT_NE(Wrong(policy), "");
  policy = Plain();
  policy.mutable_defaults()->set_message(std::string(kMostMessageBytes + 1, 'x'));
  EXPECT_NE(Wrong(policy), "");
  policy = Plain();
  policy.mutable_defaults()->add_may_widen("everything");
  EXPECT_NE(Wrong(policy), "");
  policy = Plain();
  for (size_t i = 0; i <= kMostGroupsOfUser; ++i) {
    policy.add_groups()->set_id("g" + std::to_string(i));
    policy.mutable_groups()->rbegin()->add_users("alice");
    policy.mutable_groups()->rbegin()->mutable_rules()->set_max_tokens(1);
  }
  EXPECT_NE(Wrong(policy), "");
  policy = Plain();
  policy.set_format(2);
  EXPECT_NE(Wrong(policy), "");
}

TEST(Compile, KnowsItsVersionAndStaleness) {
  const Compiled policy = CompiledOf("staleness: {revocation: strict, policy_ttl: 1h}\n", SmallCatalogue());
  EXPECT_EQ(policy.version(), 7U);
  EXPECT_EQ(policy.organisation(), "example");
  EXPECT_TRUE(policy.staleness().strict);
  EXPECT_EQ(policy.staleness().policy_ttl, std::chrono::hours(1));
}

}  // namespace
}  // namespace postern::policy
