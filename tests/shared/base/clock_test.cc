#include "shared/base/clock.h"

#include <gtest/gtest.h>

namespace postern {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(Clock, WhatWasWrittenIsReadBack) {
  for (const int64_t count :
       {int64_t{0}, int64_t{1}, int64_t{999'999'999}, int64_t{1'700'000'000'123'456'789},
        int64_t{951'782'400'000'000'000}, int64_t{9'214'646'399'999'999'999}}) {
    const WallTime time{nanoseconds(count)};
    EXPECT_EQ(ParseRfc3339(FormatRfc3339(time)), time) << FormatRfc3339(time);
  }
}

TEST(Clock, FractionsAndOffsetsAreRead) {
  const WallTime time{seconds(1'700'000'000)};
  EXPECT_EQ(ParseRfc3339("2023-11-14T22:13:20Z"), time);
  EXPECT_EQ(ParseRfc3339("2023-11-14T22:13:20.5Z"), time + nanoseconds(500'000'000));
  EXPECT_EQ(ParseRfc3339("2023-11-14T23:13:20+01:00"), time);
  EXPECT_EQ(ParseRfc3339("2023-11-14T12:43:20.000-09:30"), time);
}

TEST(Clock, AnythingElseIsNoTime) {
  for (const std::string_view text :
       {"", "2023-11-14", "2023-11-14T22:13:20", "2023-11-14 22:13:20Z", "2023-13-14T22:13:20Z",
        "2023-02-29T22:13:20Z", "2023-11-14T24:13:20Z", "2023-11-14T22:60:20Z", "2023-11-14T22:13:61Z",
        "2023-11-14T22:13:20.Z", "2023-11-14T22:13:20.1234567890Z", "2023-11-14T22:13:20+1:00",
        "2023-11-14T22:13:20+24:00", "2023-11-14T22:13:20Zx", "1969-11-14T22:13:20Z", "2262-01-01T00:00:00Z",
        "-023-11-14T22:13:20Z", "2023-+1-14T22:13:20Z"})
    EXPECT_FALSE(ParseRfc3339(text)) << text;
}

}  // namespace
}  // namespace postern
