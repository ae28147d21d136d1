#include "shared/secrets/rule_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::secrets {
namespace {

constexpr std::string_view kBuiltIn = "[[rules]]\nid = 'base'\nregex = 'base_[a-z]+'\n";

RuleSources Sources() {
  return {.read = [](const std::string& path) -> Result<std::string> {
            if (path == "parent.toml")
              return std::string(
                  "[[rules]]\nid = 'a'\ndescription = 'A'\nregex = 'a+'\nkeywords = ['k1']\ntags = ['t1']\n"
                  "[[rules]]\nid = 'b'\nregex = 'b+'\n[[allowlists]]\npaths = ['p']\n");
            if (path == "loop.toml") return std::string("[extend]\npath = 'loop.toml'\n");
            return Error{ErrorCode::kNotFound, path + ": isn't there"};
          },
          .built_in = kBuiltIn};
}

std::string WrongWith(std::string_view text) {
  const auto rules = ReadRules(text, "f.toml", Sources());
  return rules ? "" : rules.error().message;
}

TEST(ReadRules, ReadsEveryField) {
  const auto rules = ReadRules(R"(
title = "T"
minVersion = "v8.25.0"
[[rules]]
id = "one"
description = "D"
regex = '''(a)(b)'''
secretGroup = 2
entropy = 3.5
path = '''\.env$'''
keywords = ["KeY"]
tags = ["x"]
skipReport = true
[[rules.required]]
id = "two"
withinLines = 5
withinColumns = 0
[[rules.allowlists]]
description = "why"
condition = "AND"
regexTarget = "line"
commits = ["c"]
paths = ["p"]
regexes = ["r"]
stopwords = ["s"]
[[rules]]
id = "two"
regex = "x"
[rules.allowlist]
stopWords = ["old form"]
[[allowlists]]
targetRules = ["two"]
regexes = ["for two alone"]
[[allowlists]]
regexes = ["for all"]
)",
                               "f.toml", Sources());
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_EQ(rules->title, "T");
  ASSERT_EQ(rules->rules.size(), 2u);
  const Rule& one = rules->rules[0];
  EXPECT_EQ(one.where, "f.toml:4");
  EXPECT_EQ(one.regex, "(a)(b)");
  EXPECT_EQ(one.secret_group, 2);
  EXPECT_DOUBLE_EQ(one.entropy, 3.5);
  EXPECT_EQ(one.path, "\\.env$");
  EXPECT_THAT(one.keywords, testing::ElementsAre("key"));
  EXPECT_EQ(one.report, Report::kOnlyForOthers);
  ASSERT_EQ(one.required.size(), 1u);
  EXPECT_EQ(one.required[0].within_lines, 5);
  EXPECT_EQ(one.required[0].within_columns, 0);
  ASSERT_EQ(one.allow_lists.size(), 1u);
  EXPECT_EQ(one.allow_lists[0].condition, AllowList::Condition::kAll);
  EXPECT_EQ(one.allow_lists[0].target, AllowList::Target::kLine);
  const Rule& two = rules->rules[1];
  ASSERT_EQ(two.allow_lists.size(), 2u);
  EXPECT_THAT(two.allow_lists[0].stopwords, testing::ElementsAre("old form"));
  EXPECT_THAT(two.allow_lists[1].regexes, testing::ElementsAre("for two alone"));
  ASSERT_EQ(rules->allow_lists.size(), 1u);
}

TEST(ReadRules, AChildOverridesFieldsAndAddsToLists) {
  const auto rules = ReadRules(R"(
[extend]
path = "parent.toml"
disabledRules = ["b"]
[[rules]]
id = "a"
regex = 'aa'
keywords = ["k2"]
[[rules.allowlists]]
regexes = ["r"]
[[rules]]
id = "c"
regex = "c"
[[allowlists]]
targetRules = ["a"]
stopwords = ["w"]
)",
                               "f.toml", Sources());
  ASSERT_TRUE(rules) << rules.error().message;
  ASSERT_EQ(rules->rules.size(), 2u);
  EXPECT_EQ(rules->rules[0].description, "A");
  EXPECT_EQ(rules->rules[0].regex, "aa");
  EXPECT_THAT(rules->rules[0].keywords, testing::ElementsAre("k1", "k2"));
  EXPECT_EQ(rules->rules[0].allow_lists.size(), 2u);
  EXPECT_EQ(rules->rules[1].id, "c");
  EXPECT_EQ(rules->allow_lists.size(), 1u);
}

TEST(ReadRules, ExtendsTheBuiltInRules) {
  const auto rules = ReadRules("[extend]\nuseDefault = true\n", "f.toml", Sources());
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_EQ(rules->rules[0].id, "base");
}

TEST(ReadRules, NamesFileAndLineOfWhatIsWrong) {
  const std::pair<const char*, const char*> kCases[] = {
      {"[[rules]]\nid = 'a'\nregex = 'a'\nkeyword = ['x']\n",
       "f.toml:4: rules[0].keyword: unknown key; did you mean"},
      {"[[rules]]\nregex = 'a'\n", "f.toml:1: rules[0]: the rule has no id"},
      {"[[rules]]\nid = 'a'\n", "f.toml:1: the rule has neither regex nor path"},
      {"[[rules]]\nid = 'a'\nregex = 'a'\n[[rules]]\nid = 'a'\nregex = 'b'\n",
       "f.toml:4: rules[1]: a rule of this id"},
      {"[[rules]]\nid = 'a'\nregex = 'a'\nentropy = 'x'\n", "f.toml:4: rules[0].entropy: "},
      {"[[rules]]\nid = 'a'\nregex = 'a'\nkeywords = 'x'\n", "f.toml:4: rules[0].keywords: "},
      {"[[rules]]\nid = 'a'\nregex = 'a'\n[[rules.allowlists]]\n",
       "f.toml:4: rules[0].allowlists[0]: it allows nothing"},
      {"[[rules]]\nid = 'a'\nregex = 'a'\n[[rules.allowlists]]\nregexes = ['x']\ncondition = 'XOR'\n",
       "f.toml:6: rules[0].allowlists[0].condition: "},
      {"[[rules]]\nid = 'a'\nregex = 'a'\n[[rules.required]]\nid = 'b'\n", "f.toml:1: the rule requires one"},
      {"[[allowlists]]\nregexes = ['x']\ntargetRules = ['none']\n", "f.toml:1: allowlists[0]: targetRules: "},
      {"[extend]\npath = 'loop.toml'\n", "loop.toml:1: extend: files extend each other"},
      {"[extend]\npath = 'missing.toml'\n", "missing.toml: isn't there"},
      {"[extend]\npath = 'parent.toml'\ndisabledRules = ['x']\n", "f.toml:1: extend: disabledRules: "},
      {"[[rules]\n", "f.toml:1: "},
  };
  for (const auto& [text, message] : kCases)
    EXPECT_TRUE(WrongWith(text).starts_with(message)) << WrongWith(text) << "\ninstead of\n" << message;
}

}  // namespace
}  // namespace postern::secrets
