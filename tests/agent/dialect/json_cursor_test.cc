#include "agent/dialect/json_cursor.h"

#include <limits>
#include <memory>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "tests/agent/dialect/plain_json.h"

namespace postern::dialect {
namespace {

bool Accepts(std::string_view text) {
  // Exactly as many bytes as the text has, so that AddressSanitizer sees a read behind its end.
  const auto exact = std::make_unique<char[]>(text.size());
  text.copy(exact.get(), text.size());
  JsonCursor json;
  if (json.Open({exact.get(), text.size()})) json.Skip();
  return json.Finish();
}

TEST(JsonCursor, AcceptsWhatIsJson) {
  for (const char* text :
       {"{}", "[]", " [ ] ", "0", "-0", "1.5e+3", "\"\"", "true", "false", "null", "[[],{}]",
        R"({"a":1,"a":[true,{"b":null}]})", "\r\n\t[1 , 2]\n", "\"\\\"\"", "\"\\\\\"", "1e5"}) {
    EXPECT_TRUE(Accepts(text)) << text;
  }
}

TEST(JsonCursor, RefusesWhatIsNot) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "}",
                           "[",
                           "]",
                           "[}",
                           "{]",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           "{,}",
                           R"({"a"})",
                           R"({"a":})",
                           R"({"a":1,})",
                           R"({"a":1 "b":2})",
                           R"({1:2})",
                           R"({a:2})",
                           R"(["a":1])",
                           "tru",
                           "truex",
                           "nul",
                           "True",
                           "01",
                           "+1",
                           "1.",
                           ".5",
                           "1e",
                           "-",
                           "0x1",
                           "1a",
                           "\"",
                           "\"a",
                           "\"a\nb\"",
                           "'a'",
                           "[1]]",
                           "{}{}",
                           "1 2",
                           R"("a"b)",
                           R"("a""b")",
                           "[1;2]",
                           "\xEF\xBB\xBF{}",
                           "\"\xFF\"",
                           "[\"\xC0\x80\"]",
                           "/**/1",
                           "NaN"}) {
    EXPECT_FALSE(Accepts(text)) << text;
  }
  EXPECT_FALSE(Accepts(std::string_view("[\0]", 3)));
  EXPECT_FALSE(Accepts(std::string_view("1\0", 2)));
}

TEST(JsonCursor, NestsToItsLimitAndNoFurther) {
  const auto nested = [](size_t depth) { return std::string(depth, '[') + "1" + std::string(depth, ']'); };
  EXPECT_TRUE(Accepts(nested(JsonCursor::kDeepest)));
  EXPECT_FALSE(Accepts(nested(JsonCursor::kDeepest + 1)));
  JsonCursor json;
  const std::string hostile(1 << 20, '[');
  ASSERT_TRUE(json.Open(hostile));
  EXPECT_FALSE(json.Skip());
  EXPECT_FALSE(json.Finish());
  EXPECT_EQ(json.failure(), JsonFailure::kTooDeep);
}

TEST(JsonCursor, AFailureMakesEveryLaterCallFail) {
  JsonCursor json;
  ASSERT_TRUE(json.Open(R"({"a":1})"));
  EXPECT_FALSE(json.EnterArray());
  EXPECT_FALSE(json.EnterObject());
  EXPECT_EQ(json.Peek(), JsonKind::kNothing);
  EXPECT_FALSE(json.TakeString());
  EXPECT_FALSE(json.TakeNumber());
  EXPECT_FALSE(json.Skip());
  EXPECT_FALSE(json.Finish());
  EXPECT_TRUE(json.Open("1") && json.Skip() && json.Finish()) << "but not for the next document";
}

TEST(JsonCursor, WhatIsLeftOverIsAFailure) {
  JsonCursor json;
  ASSERT_TRUE(json.Open("[1]"));
  ASSERT_TRUE(json.EnterArray());
  EXPECT_FALSE(json.Finish());
}

TEST(JsonCursor, DecodesKeysAndStrings) {
  JsonCursor json;
  std::string_view key;
  ASSERT_TRUE(json.Open(R"({"mod\u0065l":"\ud83d\ude00\ud83d\/é"})"));
  ASSERT_TRUE(json.EnterObject());
  ASSERT_TRUE(json.NextMember(key));
  EXPECT_EQ(key, "model");
  EXPECT_EQ(json.TakeString()->Decode(100), "😀\xEF\xBF\xBD/é");
  EXPECT_FALSE(json.NextMember(key));
  EXPECT_TRUE(json.Finish());
}

TEST(JsonCursor, DecodesNoMoreThanItIsAskedFor) {
  EXPECT_EQ((JsonString{"abc"}.Decode(3)), "abc");
  EXPECT_FALSE(JsonString{"abc"}.Decode(2));
  EXPECT_EQ((JsonString{R"(a\nc)"}.Decode(3)), "a\nc");
  EXPECT_FALSE(JsonString{R"(a\nc)"}.Decode(2));
  EXPECT_FALSE(JsonString{R"(\q)"}.Decode(9));
  EXPECT_FALSE(JsonString{R"(\u12g4)"}.Decode(9));
  EXPECT_FALSE(JsonString{R"(\u12)"}.Decode(9));
}

TEST(JsonCursor, ADocumentLargerThanTheKeptIndexIsReadToo) {
  JsonCursor json;
  const std::string large = "[\"" + std::string(3 << 20, 'x') + "\"]";
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(json.Open(large) && json.Skip() && json.Finish());
    EXPECT_TRUE(json.Open("[1]") && json.Skip() && json.Finish());
  }
}

TEST(CountFromNumber, IsNeverTooSmall) {
  constexpr int64_t kLargest = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(CountFromNumber("0"), 0);
  EXPECT_EQ(CountFromNumber("128000"), 128000);
  EXPECT_EQ(CountFromNumber("12.0"), 12);
  EXPECT_EQ(CountFromNumber("12.1"), 13);
  EXPECT_EQ(CountFromNumber("1e3"), 1000);
  EXPECT_EQ(CountFromNumber("9223372036854775807"), kLargest);
  EXPECT_EQ(CountFromNumber("9223372036854775808"), kLargest);
  EXPECT_EQ(CountFromNumber("1e30"), kLargest);
  EXPECT_EQ(CountFromNumber("1e999"), kLargest);
  EXPECT_EQ(CountFromNumber("1e-999"), 1);
  EXPECT_EQ(CountFromNumber("-0"), 0);
  EXPECT_FALSE(CountFromNumber("-1"));
  EXPECT_FALSE(CountFromNumber("-1e999"));
}

// Short texts over the characters that matter: nearly all small documents, and the mistakes next to them.
TEST(JsonCursor, AgreesWithTheSlowReaderOnRandomText) {
  std::mt19937 random(7);
  static constexpr std::string_view kPieces[] = {
      "{", "}", "[",    "]",    ",", ":",  "\"", "\"a\"", "\"a\":", "\\",       "1",    "-",      "0",
      ".", "e", "true", "null", " ", "\n", "x",  "[]",    "{}",     "\xC3\xA9", "\xC3", "\\u0061"};
  int accepted = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string text;
    for (unsigned length = 1 + random() % 9; length > 0; --length)
      text += kPieces[random() % std::size(kPieces)];
    const bool expected = ParsePlainJson(text, JsonCursor::kDeepest).has_value();
    accepted += expected;
    ASSERT_EQ(Accepts(text), expected) << text;
  }
  EXPECT_GT(accepted, 1000) << "the generator must make documents too";
}

}  // namespace
}  // namespace postern::dialect
