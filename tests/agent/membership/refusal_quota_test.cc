#include "agent/membership/refusal_quota.h"

#include <gtest/gtest.h>

namespace postern::membership {
namespace {

TEST(RefusalQuota, TheSameIsRecordedOnce) {
  RefusalQuota quota;
  const BootTime now{std::chrono::hours(1)};
  EXPECT_TRUE(quota.Take("a", now));
  EXPECT_FALSE(quota.Take("a", now + std::chrono::hours(5)));
  EXPECT_TRUE(quota.Take("b", now));
  EXPECT_TRUE(quota.Take("a", now));
}

TEST(RefusalQuota, AFloodIsRecordedNowAndThen) {
  RefusalQuota quota;
  BootTime now{std::chrono::hours(1)};
  int taken = 0;
  for (int i = 0; i < 1000; ++i) taken += quota.Take(std::to_string(i), now) ? 1 : 0;
  EXPECT_EQ(taken, RefusalQuota::kAtOnce);
  now += RefusalQuota::kEvery;
  EXPECT_TRUE(quota.Take("one", now));
  EXPECT_FALSE(quota.Take("two", now));
  now += 100 * RefusalQuota::kEvery;
  for (int i = 0; i < 1000; ++i) taken += quota.Take(std::to_string(i), now) ? 1 : 0;
  EXPECT_EQ(taken, 2 * RefusalQuota::kAtOnce);
}

}  // namespace
}  // namespace postern::membership
