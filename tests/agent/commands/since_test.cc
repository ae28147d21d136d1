#include "agent/commands/since.h"

#include <gtest/gtest.h>

namespace postern::commands {
namespace {

constexpr WallTime kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(12);

TEST(ParseSince, ReadsAgesAndDates) {
  EXPECT_EQ(ParseSince("90s", kNow), kNow - std::chrono::seconds(90));
  EXPECT_EQ(ParseSince("30m", kNow), kNow - std::chrono::minutes(30));
  EXPECT_EQ(ParseSince("2h", kNow), kNow - std::chrono::hours(2));
  EXPECT_EQ(ParseSince("7d", kNow), kNow - std::chrono::hours(168));
  EXPECT_EQ(ParseSince("2026-11-23", kNow), kNow - std::chrono::hours(12));
  EXPECT_EQ(ParseSince("2026-11-23T10:30:05Z", kNow), kNow - std::chrono::seconds(5395));
}

TEST(ParseSince, AnythingElseIsNothing) {
  for (const char* text :
       {"", "h", "2", "2w", "-2h", "2.5h", "yesterday", "2026-13-01", "2026-02-30", "2026-1-1",
        "2026-11-23T25:00:00Z", "2026-11-23T10:30:05", "2026-11-23 10:30:05Z"}) {
    EXPECT_FALSE(ParseSince(text, kNow)) << text;
  }
}

}  // namespace
}  // namespace postern::commands
