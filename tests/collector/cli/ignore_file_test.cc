#include "collector/cli/ignore_file.h"

#include <gtest/gtest.h>

namespace postern::cli {
namespace {

bool Ignores(std::string_view patterns, std::string_view path, PathKind kind = PathKind::kFile) {
  return IgnoreFile(patterns).VerdictOn(path, kind) == Verdict::kIgnored;
}

TEST(IgnoreFile, ANameWithoutASlashIsMeantInEveryDirectory) {
  EXPECT_TRUE(Ignores("*.log", "a.log"));
  EXPECT_TRUE(Ignores("*.log", "x/y/a.log"));
  EXPECT_FALSE(Ignores("*.log", "a.log.txt"));
  EXPECT_FALSE(Ignores("*.log", "a.log/b"));
  EXPECT_TRUE(Ignores("debug?.txt", "x/debug1.txt"));
  EXPECT_FALSE(Ignores("debug?.txt", "debug/.txt"));
}

TEST(IgnoreFile, ASlashTiesAPatternToItsDirectory) {
  EXPECT_TRUE(Ignores("/build", "build"));
  EXPECT_FALSE(Ignores("/build", "x/build"));
  EXPECT_TRUE(Ignores("doc/*.txt", "doc/a.txt"));
  EXPECT_FALSE(Ignores("doc/*.txt", "doc/x/a.txt"));
  EXPECT_FALSE(Ignores("doc/*.txt", "x/doc/a.txt"));
}

TEST(IgnoreFile, TwoStarsTakeAnyDirectories) {
  EXPECT_TRUE(Ignores("**/foo", "foo"));
  EXPECT_TRUE(Ignores("**/foo", "a/b/foo"));
  EXPECT_TRUE(Ignores("a/**/b", "a/b"));
  EXPECT_TRUE(Ignores("a/**/b", "a/x/y/b"));
  EXPECT_FALSE(Ignores("a/**/b", "a/xb"));
  EXPECT_TRUE(Ignores("a/**", "a/x/y"));
  EXPECT_FALSE(Ignores("a/**", "b/a/x"));
}

TEST(IgnoreFile, ASlashAtTheEndMeansDirectories) {
  EXPECT_TRUE(Ignores("out/", "x/out", PathKind::kDirectory));
  EXPECT_FALSE(Ignores("out/", "x/out", PathKind::kFile));
}

TEST(IgnoreFile, TheLastPatternThatFitsDecides) {
  const IgnoreFile file("*.env\n!example.env\n# a comment\n\\#odd\n");
  EXPECT_EQ(file.VerdictOn("a.env", PathKind::kFile), Verdict::kIgnored);
  EXPECT_EQ(file.VerdictOn("x/example.env", PathKind::kFile), Verdict::kKept);
  EXPECT_EQ(file.VerdictOn("a.cc", PathKind::kFile), Verdict::kNotNamed);
  EXPECT_EQ(file.VerdictOn("#odd", PathKind::kFile), Verdict::kIgnored);
}

TEST(IgnoreFile, ReadsClasses) {
  EXPECT_TRUE(Ignores("[ab]x", "ax"));
  EXPECT_FALSE(Ignores("[!ab]x", "ax"));
  EXPECT_TRUE(Ignores("v[0-9].[0-9]", "v1.2"));
  EXPECT_FALSE(Ignores("a[^x]b", "a/b"));
}

// A pattern of many stars must not take exponential time.
TEST(IgnoreFile, TakesAsManyStepsAsPatternAndPathAreLong) {
  std::string pattern, path(5'000, 'a');
  for (int i = 0; i < 500; ++i) pattern += "*a";
  EXPECT_FALSE(Ignores(pattern + "b", path));
}

}  // namespace
}  // namespace postern::cli
