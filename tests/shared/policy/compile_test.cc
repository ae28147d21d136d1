#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/policy/limits.h"
#include "tests/shared/policy/allocations.h"
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

TEST(Compile, TheTeamsOfATeamAreItselfAndThoseItIsWithinTheNearestFirst) {
  using testing::ElementsAre;
  wire::Policy policy = Plain();
  policy.add_teams()->set_id("evaluation");
  policy.add_teams()->set_id("research");
  policy.add_teams()->set_id("house");
  policy.mutable_teams(0)->set_parent("research");
  policy.mutable_teams(1)->set_parent("house");
  const auto compiled = Compiled::Compile(policy, SmallCatalogue());
  ASSERT_TRUE(compiled);
  EXPECT_THAT(compiled->TeamsOf("evaluation"), ElementsAre("evaluation", "research", "house"));
  EXPECT_THAT(compiled->TeamsOf("house"), ElementsAre("house"));
  EXPECT_THAT(compiled->TeamsOf("not-in-the-policy"), ElementsAre("not-in-the-policy"));
  EXPECT_THAT(compiled->TeamsOf(""), ElementsAre());
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

TEST(Compile, ListsWithoutPatternsCountToo) {
  wire::Policy policy = Plain();
  for (size_t i = 0; i < kMostPatterns / 6 + 1; ++i) {
    wire::PolicyUser& user = *policy.add_users();
    user.set_id(std::to_string(i));
    wire::Rules& rules = *user.mutable_rules();
    for (auto* patterns : {rules.mutable_models(), rules.mutable_providers(), rules.mutable_credentials(),
                           rules.mutable_tools(), rules.mutable_hosts(), rules.mutable_os_users()})
      patterns->set_allows_listed(true);
  }
  EXPECT_THAT(Wrong(policy), HasSubstr("more than 500000 lists and patterns"));
}

// A large organisation's list, below which teams are as deep as they may be: nothing of it is copied for
// each.
wire::Policy DeepPolicy() {
  wire::Policy policy = Plain();
  for (int i = 0; i < 20'000; ++i) {
    policy.mutable_defaults()->mutable_tools()->add_deny("mcp__server" + std::to_string(i) + "__remove");
    policy.mutable_defaults()->mutable_tools()->add_deny("Tool" + std::to_string(i) + "*");
  }
  for (size_t i = 0; i < 3'000; ++i) {
    wire::PolicyTeam& team = *policy.add_teams();
    team.set_id("team" + std::to_string(i));
    if (i % kMostTeamDepth != 0) team.set_parent("team" + std::to_string(i - 1));
    team.mutable_rules()->mutable_tools()->add_deny("Own" + std::to_string(i));
  }
  return policy;
}

// Each the beginning of the next, and all alike for longer than any quick comparison reaches.
wire::Policy AlikePolicy() {
  wire::Policy policy = Plain();
  for (int i = 0; i < 10'000; ++i) {
    const std::string text = std::string(40 + static_cast<size_t>(i) % 200, 'a') + std::to_string(i / 200);
    policy.mutable_defaults()->mutable_tools()->add_deny(text + "*");
    policy.mutable_defaults()->mutable_tools()->add_deny("*b" + text);
  }
  return policy;
}

TEST(Compile, TakesMemoryInProportionToTheSnapshotWhateverItsShape) {
  for (const wire::Policy& policy : {DeepPolicy(), AlikePolicy()}) {
    const size_t snapshot = policy.ByteSizeLong();
    const size_t before = LiveBytes();
    ResetPeak();
    const auto compiled = Compiled::Compile(policy, SmallCatalogue());
    ASSERT_TRUE(compiled) << compiled.error().message;
    EXPECT_LT(LiveBytes() - before, 30 * snapshot);
    EXPECT_LT(PeakBytes() - before, 50 * snapshot);
  }
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
