#include "shared/policy/pattern_list.h"

#include <random>

#include <gtest/gtest.h>

#include "shared/policy/glob.h"

namespace postern::policy {
namespace {

PatternList ListOf(const std::vector<std::string>& texts) {
  std::vector<Pattern> patterns;
  for (const std::string& text : texts) patterns.push_back({text, static_cast<uint32_t>(patterns.size())});
  auto list = PatternList::Make(patterns);
  EXPECT_TRUE(list) << list.error().message;
  return list ? *std::move(list) : PatternList();
}

TEST(PatternList, FindsTheFirstPatternThatFits) {
  const PatternList list = ListOf({"mcp__*", "Bash", "mcp__git__push", "*__push", "*it*", "?ead"});
  EXPECT_EQ(list.Find("mcp__git__push"), 0U);
  EXPECT_EQ(list.Find("Bash"), 1U);
  EXPECT_EQ(list.Find("git__push"), 3U);
  EXPECT_EQ(list.Find("Write"), 4U);
  EXPECT_EQ(list.Find("Read"), 5U);
  EXPECT_EQ(list.Find("bash"), kNowhere);
  EXPECT_EQ(list.Find(""), kNowhere);
  EXPECT_EQ(PatternList().Find("Bash"), kNowhere);
}

TEST(PatternList, SaysTheSameAsTryingEachPattern) {
  std::mt19937 random(7);
  const auto text = [&random](const char* letters, size_t most) {
    std::string made;
    for (size_t size = 1 + random() % most; made.size() < size;)
      made += letters[random() % std::string_view(letters).size()];
    return made;
  };
  for (int round = 0; round < 400; ++round) {
    std::vector<std::string> texts;
    for (size_t i = random() % 12; i > 0; --i) texts.push_back(text("ab*?", 6));
    const PatternList list = ListOf(texts);
    for (int i = 0; i < 50; ++i) {
      const std::string name = text("ab", 7);
      uint32_t first = 0;
      while (first < texts.size() && !GlobMatches(texts[first], name)) ++first;
      ASSERT_EQ(list.Find(name), first < texts.size() ? first : kNowhere) << name;
    }
  }
}

TEST(PatternList, RefusesMorePatternsThanMayBeTriedOneByOne) {
  std::vector<Pattern> loose, beside, exact;
  for (uint32_t i = 0; i < 65; ++i) {
    loose.push_back({"*x" + std::to_string(i) + "*", i});
    beside.push_back({"mcp__*" + std::to_string(i) + "*", i});
    exact.push_back({"name-" + std::to_string(i) + "*", i});
  }
  EXPECT_FALSE(PatternList::Make(loose));
  EXPECT_FALSE(PatternList::Make(beside));
  EXPECT_TRUE(PatternList::Make(exact));
}

}  // namespace
}  // namespace postern::policy
