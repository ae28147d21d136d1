#include "shared/secrets/pattern.h"

#include <gtest/gtest.h>

namespace postern::secrets {
namespace {

TEST(Pattern, BoundsWhatHasNoEndlessRepetition) {
  const Pattern pattern = Analyse("key=[a-z]{3,20};");
  ASSERT_TRUE(pattern.understood);
  EXPECT_TRUE(pattern.run.none());
  EXPECT_EQ(pattern.fixed_bytes, 4u + 20 + 1);
  EXPECT_EQ(pattern.literal, 4u);
  EXPECT_FALSE(pattern.beyond_ascii);
}

TEST(Pattern, CountsOnlyWhatIsNotInRuns) {
  const Pattern pattern = Analyse("key=([a-z]{20,})(?:;|\\s+x)");
  ASSERT_TRUE(pattern.understood);
  EXPECT_TRUE(pattern.run['q']);
  EXPECT_TRUE(pattern.run[' ']);
  EXPECT_FALSE(pattern.run['=']);
  EXPECT_EQ(pattern.fixed_bytes, 4u + 1);
}

TEST(Pattern, KnowsTheShortestLiteralOfItsBranches) {
  EXPECT_EQ(Analyse("(?:token|key)_[a-z]+").literal, 3u);
  EXPECT_EQ(Analyse("(?:token)?x").literal, 1u);
  EXPECT_EQ(Analyse("[a-f0-9]{40}").literal, 0u);
  EXPECT_EQ(Analyse("(?i)[-_]api").literal, 4u);
  EXPECT_EQ(Analyse("(?:ab){3}").literal, 6u);
  EXPECT_EQ(Analyse("(?:ab)*c").literal, 1u);
  EXPECT_EQ(Analyse("A{19,23}x").literal, 19u);
}

TEST(Pattern, SaysToVectorscanWhatRe2Means) {
  EXPECT_EQ(Analyse("(?P<name>a{2})").for_vectorscan, "(a{2})");
  EXPECT_EQ(Analyse("(?<name>a{2})").for_vectorscan, "(a{2})");
  EXPECT_EQ(Analyse("{x}").for_vectorscan, "\\{x\\}");
  EXPECT_EQ(Analyse("[\\s\"]\\S").for_vectorscan, "[\\t\\n\\f\\r \"][^\\t\\n\\f\\r ]");
  EXPECT_EQ(Analyse("(?U)a+b*?c?").for_vectorscan, "a{1,}b{0,}c{0,1}");
  EXPECT_EQ(Analyse("(?i)[a-z]{0,50}?\\s*key=x?").for_vectorscan, "(?i)key=x{0,1}");
  EXPECT_EQ(Analyse("\\ba?key|b*c").for_vectorscan, "\\ba{0,1}key|c");
  EXPECT_EQ(Analyse("a{200,300}b{2,300}.{0,40}").for_vectorscan, "a{150,}b{2,}.{0,}");
  EXPECT_EQ(Analyse("a(?i:B)").for_vectorscan, "a(?i:B)");
  EXPECT_EQ(Analyse("\\Qa.b\\E").for_vectorscan, "a\\.b");
}

TEST(Pattern, CountsCharactersWhereSomethingTakesThemBeyondAscii) {
  EXPECT_TRUE(Analyse("a.{3}b").beyond_ascii);
  EXPECT_TRUE(Analyse("[^x]").beyond_ascii);
  EXPECT_TRUE(Analyse("\\W").beyond_ascii);
  EXPECT_FALSE(Analyse("\\w[a-z]\\d").beyond_ascii);
  EXPECT_EQ(Analyse("a.{3}b").fixed_bytes, 1u + 12 + 1);
}

TEST(Pattern, KnowsWhatAsksForTheEdgesOfATextOrALine) {
  for (const char* regex : {"^a", "a$", "(?m)^k=(.*)$", "\\Aa", "a\\z", "(?:^|\\s)a", "a(?:\\s|$)"}) {
    EXPECT_TRUE(Analyse(regex).edges) << regex;
    EXPECT_EQ(Analyse(regex).for_vectorscan.find_first_of("^$"), std::string::npos) << regex;
  }
  for (const char* regex : {"a", "\\ba", "a(?:[\"\\s]|$)", "(?:^|[^\\w])a", "(?:\\W|\\z)a"})
    EXPECT_FALSE(Analyse(regex).edges) << regex;
}

TEST(Pattern, SaysSoWhereItDoesNotUnderstand) {
  for (const char* regex : {"(", "a)", "[a", "*a", "(?z)a", "[[:nonsense:]]", "\\C", "\\", "(?i)\xc3\xa9"})
    EXPECT_FALSE(Analyse(regex).understood) << regex;
}

}  // namespace
}  // namespace postern::secrets
