#include "shared/command_line/times.h"

#include <gtest/gtest.h>

namespace postern::command_line {
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
        "2026-11-23T25:00:00Z", "2026-11-23T10:30:05", "2026-11-23 10:30:05Z", "2999-01-01", "50000d"}) {
    EXPECT_FALSE(ParseSince(text, kNow)) << text;
  }
}

TEST(ParseUntil, ReadsWhatIsToCome) {
  const auto now = std::chrono::floor<std::chrono::seconds>(kNow);
  EXPECT_EQ(ParseUntil("90d", kNow), now + std::chrono::days(90));
  EXPECT_EQ(ParseUntil("12h", kNow), now + std::chrono::hours(12));
  EXPECT_EQ(ParseUntil("2999-01-01", kNow), std::chrono::sys_days(std::chrono::year(2999) / 1 / 1));
  for (const char* text : {"", "0d", "2026-11-22", "2026-11-23T12:00:00Z", "soon"}) {
    EXPECT_FALSE(ParseUntil(text, kNow)) << text;
  }
}

TEST(FormatSeconds, WritesWhatIsReadAgain) {
  for (const char* text : {"2999-01-31T12:00:59Z", "2026-11-24T00:00:00Z"}) {
    EXPECT_EQ(FormatSeconds(*ParseUntil(text, kNow)), text);
  }
}

TEST(FormatTime, IsShortAndUtc) {
  EXPECT_EQ(FormatTime(kNow), "2026-11-23 12:00:00");
  EXPECT_EQ(FormatAge(std::chrono::seconds(-5)), "0s");
  EXPECT_EQ(FormatAge(std::chrono::seconds(59)), "59s");
  EXPECT_EQ(FormatAge(std::chrono::minutes(59)), "59m");
  EXPECT_EQ(FormatAge(std::chrono::hours(47)), "47h");
  EXPECT_EQ(FormatAge(std::chrono::days(8)), "8d");
}

}  // namespace
}  // namespace postern::command_line
