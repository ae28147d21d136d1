#include "agent/purse/agent_clock.h"

#include <gtest/gtest.h>

namespace postern::purse {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr WallTime kWall{seconds(1'795'435'200)};
constexpr BootTime kBoot{seconds(1'000)};

TEST(AgentClock, IsTheHostsUntilTheCollectorIsHeard) {
  const AgentClock clock(kWall, kBoot);
  EXPECT_FALSE(clock.is_set());
  EXPECT_EQ(clock.At(kBoot + seconds(5)), kWall + seconds(5));
}

TEST(AgentClock, TakesTheCollectorsTimeInTheMiddleOfTheWay) {
  AgentClock clock(kWall, kBoot);
  const auto by = clock.Take({kBoot, kBoot + milliseconds(80), kWall + seconds(60) + milliseconds(40), true});
  EXPECT_EQ(by, seconds(60));
  EXPECT_TRUE(clock.is_set());
  EXPECT_EQ(clock.At(kBoot), kWall + seconds(60));
}

TEST(AgentClock, StaysWithinTheErrorOfAMeasurement) {
  AgentClock clock(kWall, kBoot);
  clock.Take({kBoot, kBoot, kWall, true});
  // A slow answer whose collector looks 30 ms off: half of the way is 50 ms.
  EXPECT_EQ(clock.Take({kBoot, kBoot + milliseconds(100), kWall + milliseconds(80), true}), nanoseconds(0));
}

TEST(AgentClock, MovesByAsLittleAsTheMeasurementAllows) {
  AgentClock clock(kWall, kBoot);
  clock.Take({kBoot, kBoot, kWall, true});
  EXPECT_EQ(clock.Take({kBoot, kBoot + milliseconds(20), kWall + milliseconds(110), true}), milliseconds(90));
}

TEST(AgentClock, AJumpOfTheCollectorsClockIsFollowed) {
  AgentClock clock(kWall, kBoot);
  clock.Take({kBoot, kBoot, kWall, true});
  EXPECT_EQ(clock.Take({kBoot, kBoot, kWall - seconds(3'600), true}), -seconds(3'600));
}

TEST(AgentClock, WhatIsNoTimeIsNotTaken) {
  AgentClock clock(kWall, kBoot);
  EXPECT_EQ(clock.Take({kBoot, kBoot, WallTime{}, true}), nanoseconds(0));
  EXPECT_EQ(clock.Take({kBoot, kBoot, WallTime::max(), true}), nanoseconds(0));
  EXPECT_EQ(clock.Take({kBoot, kBoot, WallTime::min(), true}), nanoseconds(0));
  EXPECT_EQ(clock.Take({kBoot + seconds(1), kBoot, kWall, true}), nanoseconds(0))
      << "an answer before the question";
  EXPECT_FALSE(clock.is_set());
}

}  // namespace
}  // namespace postern::purse
