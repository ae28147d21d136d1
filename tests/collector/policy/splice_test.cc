#include "collector/policy/splice.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/config/node.h"

namespace postern::policies {
namespace {

using testing::HasSubstr;

const std::string kText =
    "# The policy of all.\n"
    "organisation:\n"
    "  name: example  # as on the door\n"
    "\n"
    "limits:\n"
    "  # agreed with finance in May\n"
    "  ml-month: {team: ml, usd: 500, per: month}  # see the ticket\n"
    "\n"
    "  each-day:\n"
    "    each: user\n"
    "    usd: 100      # not more\n"
    "    per: day\n"
    "  # the end of limits\n"
    "\n"
    "teams:\n"
    "  ml: {}\n";

std::string Set(const std::string& text, const Keys& entry, const std::string& value) {
  const auto set = SetEntry(text, entry, value);
  return set ? *set : "error: " + set.error().message;
}

std::string Replaced(std::string text, const std::string& what, const std::string& with) {
  return text.replace(text.find(what), what.size(), with);
}

TEST(Splice, OneLineBecomesAnotherAndItsCommentStays) {
  EXPECT_EQ(Set(kText, {"limits", "ml-month"}, "{team: ml, usd: 600, per: month}"),
            Replaced(kText, "usd: 500", "usd: 600"));
}

TEST(Splice, AnEntryInLinesOfItsOwnIsChangedKeyByKey) {
  EXPECT_EQ(Set(kText, {"limits", "each-day", "usd"}, "120"), Replaced(kText, "usd: 100", "usd: 120"));
  EXPECT_EQ(Set(kText, {"limits", "each-day", "rolling"}, "true"),
            Replaced(kText, "    per: day\n", "    per: day\n    rolling: true\n"));
}

TEST(Splice, AnEntryOfManyLinesBecomesOne) {
  EXPECT_EQ(Set(kText, {"limits", "each-day"}, "{each: user, usd: 1, per: day}"),
            Replaced(kText, "  each-day:\n    each: user\n    usd: 100      # not more\n    per: day\n",
                     "  each-day: {each: user, usd: 1, per: day}\n"));
}

TEST(Splice, ANewEntryStandsAfterTheLastOne) {
  EXPECT_EQ(Set(kText, {"limits", "key-rate"}, "{each: key, requests: 60, per: minute}"),
            Replaced(kText, "    per: day\n",
                     "    per: day\n  key-rate: {each: key, requests: 60, per: minute}\n"));
  EXPECT_EQ(Set(kText, {"offline", "allowance"}, "10%"), kText + "\noffline:\n  allowance: 10%\n");
  EXPECT_EQ(Set("a: 1", {"b", "c", "d"}, "2"), "a: 1\n\nb:\n  c:\n    d: 2\n");
  EXPECT_EQ(Set("a: 1\nb:\n- x\n- y\nc: 2\n", {"b"}, "[z]"), "a: 1\nb: [z]\nc: 2\n");
  EXPECT_EQ(Set("---\na: 1\n...\n", {"b"}, "2"), "---\na: 1\n\nb: 2\n...\n");
}

TEST(Splice, WhatIsEmptyIsOpened) {
  EXPECT_EQ(Set("limits: {}  # none yet\nb: 1\n", {"limits", "x"}, "{usd: 1}"),
            "limits:  # none yet\n  x: {usd: 1}\nb: 1\n");
  EXPECT_EQ(Set("limits:\n# none yet\nb: 1\n", {"limits", "x"}, "{usd: 1}"),
            "limits:\n  x: {usd: 1}\n# none yet\nb: 1\n");
  EXPECT_EQ(Set("", {"limits", "x"}, "1"), "limits:\n  x: 1\n");
}

TEST(Splice, LinesEndAsTheTextsDo) {
  EXPECT_EQ(Set("a:\r\n  b: 1\r\n", {"a", "c"}, "2"), "a:\r\n  b: 1\r\n  c: 2\r\n");
}

TEST(Splice, RemovingLeavesNothingEmpty) {
  const auto without = RemoveEntry(kText, {"limits", "each-day"});
  ASSERT_TRUE(without) << without.error().message;
  EXPECT_EQ(*without,
            Replaced(kText, "  each-day:\n    each: user\n    usd: 100      # not more\n    per: day\n", ""));
  const auto none = RemoveEntry(*without, {"limits", "ml-month"});
  ASSERT_TRUE(none) << none.error().message;
  EXPECT_THAT(*none, testing::Not(HasSubstr("limits:")));
  EXPECT_EQ(RemoveEntry(kText, {"limits", "other"}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(RemoveEntry(kText, {"offline", "allowance"}).error().code, ErrorCode::kNotFound);
}

TEST(Splice, ItemsComeAndGo) {
  const std::string one = *AppendItem("a: 1\n", {"secrets", "allowed"}, "{fingerprint: ab, reason: test}");
  EXPECT_EQ(one, "a: 1\n\nsecrets:\n  allowed:\n    - {fingerprint: ab, reason: test}\n");
  const std::string two = *AppendItem(one, {"secrets", "allowed"}, "{fingerprint: cd}");
  EXPECT_EQ(two, one + "    - {fingerprint: cd}\n");
  EXPECT_EQ(*RemoveItem(two, {"secrets", "allowed"}, 0),
            "a: 1\n\nsecrets:\n  allowed:\n    - {fingerprint: cd}\n");
  EXPECT_EQ(*RemoveItem(two, {"secrets", "allowed"}, 1), one);
  EXPECT_EQ(*RemoveItem(one, {"secrets", "allowed"}, 0), "a: 1\n\n");
  EXPECT_EQ(RemoveItem(two, {"secrets", "allowed"}, 2).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(*AppendItem("s:\n  l: []\n", {"s", "l"}, "x"), "s:\n  l:\n    - x\n");
  EXPECT_EQ(*AppendItem("l:\n- a\n- b: 1\n  c: 2\nz: 1\n", {"l"}, "x"),
            "l:\n- a\n- b: 1\n  c: 2\n- x\nz: 1\n");
  EXPECT_EQ(AppendItem("l:\n- a\n-\n  b: 1\n", {"l"}, "x").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(AppendItem("l: [a, b]\n", {"l"}, "x").error().code, ErrorCode::kInvalid);
}

TEST(Splice, WhatIsWrittenWithinBracesIsLeftToPeople) {
  for (const char* text : {"limits: {a: {usd: 1}}\n", "{limits: {a: 1}}\n", "limits:\n  {a: 1,\n   b: 2}\n",
                           "limits: {\n  a: 1,\n  b: 2\n}\n", "limits: text\n", "limits: [a]\n"}) {
    const auto set = SetEntry(text, {"limits", "x"}, "1");
    ASSERT_FALSE(set) << text << *set;
    EXPECT_EQ(set.error().code, ErrorCode::kInvalid);
  }
  EXPECT_THAT(Set("limits: {a: {usd: 1}}\n", {"limits", "x"}, "1"),
              HasSubstr("change the text and apply it"));
}

TEST(Splice, AValueIsOneValue) {
  for (const char* value : {"1, 2", "{a: 1} # x", "1]", "a: 1\nb: 2", "", "&x 1"})
    EXPECT_FALSE(SetEntry(kText, {"limits", "x"}, value)) << value;
}

TEST(Splice, TextsAreQuotedWhereYamlWouldTakeThemForSomethingElse) {
  for (const char* text :
       {"plain", "alice@example.com", "k7/x",  "12:30", "null", "~",  "",    "- a", "#money", "a: b",
        "it's",  "say \"no\"",        "zwölf", "true",  "{x}",  "@x", " x ", "-",   "*a",     "!b"}) {
    const auto root = config::Parse("key: " + Scalar(text), "text");
    ASSERT_TRUE(root) << text;
    EXPECT_EQ(*root->AsEntries()->front().second.AsString(), text);
  }
  EXPECT_EQ(Scalar("ml-month"), "ml-month");
}

// Whatever is written there: every other line is as it was, or nothing is changed.
TEST(Splice, TheOtherLinesStay) {
  std::mt19937 random(7);
  const std::vector<std::string> pieces = {"a:\n",
                                           "  b: 1\n",
                                           "  c: {d: 1}  # x\n",
                                           "  # note\n",
                                           "\n",
                                           "  e:\n    f: 2\n",
                                           "g: [1, 2]\n",
                                           "  - i\n",
                                           "  h: |\n    # text\n    more\n",
                                           "j: \"x # y\"\n",
                                           "  k: 'it''s' # z\n",
                                           "    l: 3\n"};
  int done = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string text;
    for (size_t i = 0; i < 1 + random() % 7; ++i) text += pieces[random() % pieces.size()];
    for (const Keys& entry : {Keys{"a", "b"}, Keys{"a", "new"}, Keys{"g"}, Keys{"a", "e", "f"}}) {
      const auto set = SetEntry(text, entry, "77");
      if (!set) continue;
      ++done;
      // The lines of the text that are still there, in their order, and at most one or two new ones.
      size_t kept = 0;
      size_t from = 0;
      for (size_t at = 0; at < set->size();) {
        const std::string line = set->substr(at, set->find('\n', at) + 1 - at);
        at += line.size();
        const size_t found = ("\n" + text).find("\n" + line, from);
        if (found == std::string::npos) continue;
        from = found + line.size();
        kept += line.size();
      }
      EXPECT_GE(kept + 60, text.size()) << text << "→\n" << *set;
      const auto again = SetEntry(*set, entry, "77");
      ASSERT_TRUE(again);
      EXPECT_EQ(*again, *set);
    }
  }
  EXPECT_GT(done, 1000);
}

}  // namespace
}  // namespace postern::policies
