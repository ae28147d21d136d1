#include "shared/base/log.h"

#include <gtest/gtest.h>

namespace postern {
namespace {

TEST(Log, TextQuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(FormatLogLine(LogFormat::kText, "T", Level::kWarning, "it broke",
                          {{"host", "a.b"}, {"why", "no \"route\""}, {"n", 3}}),
            R"(T warning it broke host=a.b why="no \"route\"" n=3)");
}

TEST(Log, JsonEscapesControlCharacters) {
  EXPECT_EQ(FormatLogLine(LogFormat::kJson, "T", Level::kInfo, "a\nb", {{"n", -1}, {"s", "\x1b"}}),
            R"({"time":"T","level":"info","message":"a\nb","n":-1,"s":"\u001b"})");
}

TEST(Log, ALineBreakInAValueCannotForgeALine) {
  const auto line = FormatLogLine(LogFormat::kText, "T", Level::kInfo, "x", {{"v", "1\nT error forged"}});
  EXPECT_EQ(line.find('\n'), std::string::npos);
}

TEST(LogLimiter, LetsOneThroughAndCountsTheRest) {
  LogLimiter limiter;
  EXPECT_EQ(limiter.Admit(std::chrono::hours(1)), 0U);
  EXPECT_FALSE(limiter.Admit(std::chrono::hours(1)));
}

}  // namespace
}  // namespace postern
