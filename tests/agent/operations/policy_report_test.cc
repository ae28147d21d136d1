#include "agent/operations/policy_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::operations {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const WallTime kTaken{std::chrono::hours(24 * 20'000)};

PolicyView Fourteen() {
  membership::PolicyInForce policy;
  policy.version = 14;
  policy.sha256 = "\x01\xff";
  policy.taken = kTaken;
  return {std::make_shared<const membership::PolicyInForce>(policy), 0, "", std::nullopt};
}

std::string MetricsOf(const PolicyView& view, WallTime now) {
  std::string out;
  AppendPolicyMetrics(out, view, now);
  return out;
}

TEST(PolicyReport, WithoutAPolicyTheVersionIsNoneAndTheAgeBelowZero) {
  const std::string metrics = MetricsOf({}, kTaken);
  EXPECT_THAT(metrics, HasSubstr("\npostern_policy_version 0\n"));
  EXPECT_THAT(metrics, HasSubstr("\npostern_policy_age_seconds -1\n"));
  EXPECT_THAT(metrics, HasSubstr("\npostern_frozen 0\n"));
  EXPECT_EQ(PolicyMembers({}, kTaken), R"(,"policy_version":0,"frozen":false)");
}

TEST(PolicyReport, VersionDigestAndAgeAreOfTheOneInForce) {
  const PolicyView view = Fourteen();
  const WallTime now = kTaken + std::chrono::seconds(90);
  EXPECT_THAT(MetricsOf(view, now), HasSubstr("\npostern_policy_version 14\n"));
  EXPECT_THAT(MetricsOf(view, now), HasSubstr("\npostern_policy_age_seconds 90\n"));
  EXPECT_EQ(PolicyMembers(view, now),
            R"(,"policy_version":14,"policy_sha256":"01ff","policy_age_seconds":90,"frozen":false)");
  EXPECT_THAT(PolicyMembers(view, kTaken - std::chrono::hours(1)), HasSubstr(R"("policy_age_seconds":0)"));
}

TEST(PolicyReport, WhatWasNotTakenAndAFreezeAreSaid) {
  PolicyView view = Fourteen();
  view.refused = 3;
  view.refusal = "the policy is another collector's";
  view.freeze = membership::Freeze{"A key has leaked.", std::chrono::sys_seconds(std::chrono::seconds(0))};
  EXPECT_THAT(MetricsOf(view, kTaken), HasSubstr("\npostern_policies_refused_total 3\n"));
  EXPECT_THAT(MetricsOf(view, kTaken), HasSubstr("\npostern_frozen 1\n"));
  const std::string members = PolicyMembers(view, kTaken);
  EXPECT_THAT(members,
              HasSubstr(R"("policies_refused":3,"policy_not_taken":"the policy is another collector's")"));
  EXPECT_THAT(members, HasSubstr(R"("frozen":true,"frozen_since":"1970-01-01T00:00:00.000000000Z")"));
  EXPECT_THAT(members, HasSubstr(R"("frozen_because":"A key has leaked.")"));
  view.freeze->sentence.clear();
  EXPECT_THAT(PolicyMembers(view, kTaken), Not(HasSubstr("frozen_because")));
}

}  // namespace
}  // namespace postern::operations
