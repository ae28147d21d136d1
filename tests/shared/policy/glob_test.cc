#include "shared/policy/glob.h"

#include <gtest/gtest.h>

namespace postern::policy {
namespace {

TEST(Glob, MeansWhatItSays) {
  const auto fits = [](const char* pattern, const char* name) { return GlobMatches(pattern, name); };
  EXPECT_TRUE(fits("claude-*", "claude-opus-5-5"));
  EXPECT_TRUE(fits("*", ""));
  EXPECT_TRUE(fits("a*b*c", "aXbbYc"));
  EXPECT_TRUE(fits("a**c", "ac"));
  EXPECT_TRUE(fits("?", "x"));
  EXPECT_FALSE(fits("?", ""));
  EXPECT_FALSE(fits("a*b", "abc"));
  EXPECT_FALSE(fits("claude", "claude-opus"));
  EXPECT_FALSE(fits("Claude", "claude"));
  EXPECT_FALSE(fits("", "a"));
}

TEST(Glob, OneThatLooksForMuchInVainIsQuicklyDone) {
  const std::string name(256, 'a');
  EXPECT_FALSE(GlobMatches("*a*a*a*a*a*a*a*b", name));
}

TEST(Glob, OnlyPlainNamesAndSoundPatterns) {
  EXPECT_TRUE(IsPlainName("mcp__git__push"));
  for (const char* odd : {"", " Bash", "Bash\t", "B\xd0\xb0sh", "claude-*", "wh?t"})
    EXPECT_FALSE(IsPlainName(odd)) << odd;
  EXPECT_TRUE(CheckPattern("mcp__*__push?"));
  for (const char* wrong : {"", "a b", "B\xd0\xb0sh", "*a*a*a*a*a*a*a*a*"})
    EXPECT_FALSE(CheckPattern(wrong)) << wrong;
  EXPECT_FALSE(CheckPattern(std::string(257, 'a')));
}

}  // namespace
}  // namespace postern::policy
