#include "shared/policy/lexicon.h"

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/policy/anchors.h"

namespace postern::policy {
namespace {

using testing::ElementsAre;

std::string RandomText(std::mt19937& random, size_t least, size_t most) {
  std::string text;
  for (size_t size = least + random() % (most - least + 1); text.size() < size;)
    text += static_cast<char>('a' + random() % 2);
  return text;
}

TEST(Anchors, FindAllBeginningsOfANameAsTryingEachDoes) {
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> texts;
    for (size_t i = random() % 40; i > 0; --i) texts.push_back(RandomText(random, 1, 12));
    Anchors anchors;
    anchors.Build(texts);
    for (int i = 0; i < 50; ++i) {
      const std::string name = RandomText(random, 0, 14);
      std::set<uint32_t> expected;
      for (const std::string& text : texts) {
        if (name.starts_with(text)) expected.insert(anchors.Find(text));
      }
      std::set<uint32_t> found;
      uint64_t bits = 0;
      for (uint32_t at = anchors.Longest(name); at != kNowhere; at = anchors.Parent(at)) {
        found.insert(at);
        bits |= Anchors::BitOf(at);
      }
      ASSERT_EQ(found, expected) << name;
      ASSERT_EQ(anchors.BitsOf(anchors.Longest(name)), bits) << name;
    }
  }
}

TEST(Anchors, OfNothingNothingIsFound) {
  Anchors anchors;
  anchors.Build({});
  EXPECT_EQ(anchors.Longest("a"), kNowhere);
  EXPECT_EQ(anchors.Find("a"), kNowhere);
  EXPECT_EQ(anchors.BitsOf(kNowhere), 0U);
}

TEST(Lexicon, APatternIsLookedUpByTheLongerOfItsEnds) {
  EXPECT_EQ(AnchoredBy("Bash").anchor, Anchor::kWhole);
  EXPECT_EQ(AnchoredBy("mcp__*_x").text, "mcp__");
  EXPECT_EQ(AnchoredBy("m*__push").text, "__push");
  EXPECT_EQ(AnchoredBy("m*__push").anchor, Anchor::kEnding);
  EXPECT_EQ(AnchoredBy("ab?cd").anchor, Anchor::kBeginning);
  EXPECT_EQ(AnchoredBy("*x*").anchor, Anchor::kNone);
}

TEST(Lexicon, ANameIsFoundAsAWholeAndByBothEnds) {
  Lexicon lexicon;
  for (const char* pattern : {"mcp__git__push", "mcp__*", "mcp__git*", "mcp__jira*", "*__push", "*h", "*x*"})
    lexicon.Add(pattern);
  lexicon.Build();
  const Term push = lexicon.Look("mcp__git__push");
  EXPECT_EQ(push.whole, lexicon.NumberOf({Anchor::kWhole, "mcp__git__push"}));
  EXPECT_EQ(push.beginning, lexicon.NumberOf({Anchor::kBeginning, "mcp__git"}));
  EXPECT_EQ(lexicon.beginnings().Parent(push.beginning), lexicon.NumberOf({Anchor::kBeginning, "mcp__"}));
  EXPECT_EQ(push.ending, lexicon.NumberOf({Anchor::kEnding, "__push"}));
  EXPECT_EQ(lexicon.endings().Parent(push.ending), lexicon.NumberOf({Anchor::kEnding, "h"}));
  const Term read = lexicon.Look("Read");
  EXPECT_THAT((std::vector{read.whole, read.beginning, read.ending}),
              ElementsAre(kNowhere, kNowhere, kNowhere));
  EXPECT_EQ(read.whole_bit | read.beginning_bits | read.ending_bits, 0U);
}

}  // namespace
}  // namespace postern::policy
