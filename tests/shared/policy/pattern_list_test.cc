#include "shared/policy/pattern_list.h"

#include <random>

#include <gtest/gtest.h>

#include "shared/policy/glob.h"

namespace postern::policy {
namespace {

std::vector<Pattern> PatternsOf(const std::vector<std::string>& texts) {
  std::vector<Pattern> patterns;
  for (const std::string& text : texts) patterns.push_back({text, static_cast<uint32_t>(patterns.size())});
  return patterns;
}

// A list with a lexicon of its own, or of others' patterns, too.
class Listed {
 public:
  explicit Listed(const std::vector<std::string>& texts, const std::vector<std::string>& others = {}) {
    for (const auto* added : {&texts, &others}) {
      for (const std::string& text : *added) lexicon_.Add(text);
    }
    lexicon_.Build();
    auto list = PatternList::Make(PatternsOf(texts), lexicon_);
    is_made_ = list.has_value();
    if (list) list_ = *std::move(list);
  }

  uint32_t Find(const std::string& name) const { return list_.Find(lexicon_.Look(name)); }
  bool is_made() const { return is_made_; }

 private:
  Lexicon lexicon_;
  PatternList list_;
  bool is_made_ = false;
};

TEST(PatternList, FindsTheFirstPatternThatFits) {
  const Listed list({"mcp__*", "Bash", "mcp__git__push", "*__push", "*it*", "?ead"});
  EXPECT_EQ(list.Find("mcp__git__push"), 0U);
  EXPECT_EQ(list.Find("Bash"), 1U);
  EXPECT_EQ(list.Find("git__push"), 3U);
  EXPECT_EQ(list.Find("Write"), 4U);
  EXPECT_EQ(list.Find("Read"), 5U);
  EXPECT_EQ(list.Find("bash"), kNowhere);
  EXPECT_EQ(list.Find(""), kNowhere);
  EXPECT_EQ(Listed({}).Find("Bash"), kNowhere);
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
    std::vector<std::string> texts, others;
    for (size_t i = random() % 12; i > 0; --i) texts.push_back(text("ab*?", 6));
    for (size_t i = random() % 100; i > 0; --i) others.push_back(text("ab*?", 6));
    const Listed list(texts, others);
    for (int i = 0; i < 50; ++i) {
      const std::string name = text("ab", 7);
      uint32_t first = 0;
      while (first < texts.size() && !GlobMatches(texts[first], name)) ++first;
      ASSERT_EQ(list.Find(name), first < texts.size() ? first : kNowhere) << name;
    }
  }
}

TEST(PatternList, RefusesMorePatternsThanMayBeTriedOneByOne) {
  std::vector<std::string> loose, beside, apart;
  for (uint32_t i = 0; i < 65; ++i) {
    loose.push_back("*x" + std::to_string(i) + "*");
    beside.push_back("mcp__*" + std::to_string(i) + "*");
    apart.push_back("name-" + std::to_string(i) + "*");
  }
  EXPECT_FALSE(Listed(loose).is_made());
  EXPECT_FALSE(Listed(beside).is_made());
  EXPECT_TRUE(Listed(apart).is_made());
  loose.pop_back();
  beside.pop_back();
  EXPECT_TRUE(Listed(loose).is_made());
  EXPECT_TRUE(Listed(beside).is_made());
}

}  // namespace
}  // namespace postern::policy
