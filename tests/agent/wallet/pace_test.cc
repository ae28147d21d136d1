#include "agent/wallet/pace.h"

#include <gtest/gtest.h>

namespace postern::wallet {
namespace {

TEST(Pace, RemembersTheStretchBeforeAndForgetsWhatIsOlder) {
  const WallTime now{std::chrono::seconds(1'795'435'200)};
  Pace pace;
  pace.Add(Amount(10), now);
  EXPECT_EQ(pace.Likely(now + Pace::kStretch), Amount(10));
  EXPECT_EQ(pace.Likely(now + 3 * Pace::kStretch), Amount(0));
}

}  // namespace
}  // namespace postern::wallet
