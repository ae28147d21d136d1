#include "collector/store/hours.h"

#include <gtest/gtest.h>

namespace postern::store {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(Hours, AnInstantLiesInTheHourThatBeganBeforeIt) {
  EXPECT_EQ(HourOf(WallTime(seconds(0))), 0);
  EXPECT_EQ(HourOf(WallTime(seconds(3599))), 0);
  EXPECT_EQ(HourOf(WallTime(seconds(3600))), 1);
  EXPECT_EQ(HourOf(WallTime(nanoseconds(-1))), -1);
}

TEST(Hours, AnEndIsWidenedToAWholeHour) {
  EXPECT_EQ(HourAtOrAfter(WallTime(seconds(3600))), 1);
  EXPECT_EQ(HourAtOrAfter(WallTime(seconds(3600) + nanoseconds(1))), 2);
  EXPECT_EQ(HourAtOrAfter(WallTime(nanoseconds(-1))), 0);
}

TEST(Hours, ADayBeginsAtMidnight) {
  EXPECT_EQ(DayOf(0), 0);
  EXPECT_EQ(DayOf(23), 0);
  EXPECT_EQ(DayOf(25), 24);
  EXPECT_EQ(DayOf(-1), -24);
  EXPECT_EQ(DayOf(-24), -24);
}

TEST(Hours, HaveNames) {
  EXPECT_EQ(DayName(498'720), "2026-11-23");
  EXPECT_EQ(HourName(498'742), "2026-11-23T22");
  EXPECT_EQ(HourName(-1), "1969-12-31T23");
}

TEST(Hours, TheEarliestInstantHasOne) {
  const Hour first = HourOf(WallTime::min());
  EXPECT_EQ(BeginningOf(first), WallTime::min());
  EXPECT_EQ(HourOf(BeginningOf(first + 1)), first + 1);
  EXPECT_EQ(DayName(first), "1677-09-21");
}

}  // namespace
}  // namespace postern::store
