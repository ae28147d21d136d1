#include "shared/json/value.h"

#include <gtest/gtest.h>

namespace postern::json {
namespace {

std::string ErrorOfText(std::string_view text, const Bounds& bounds = {}) {
  const auto value = Parse(text, bounds);
  return value ? "" : value.error().message;
}

Object ObjectOf(std::string_view text) { return *(*Parse(text)).AsOpenObject(); }

TEST(Json, EveryKindIsReadAsWhatItIs) {
  const Object object = ObjectOf(
      R"({"text":"a\u00fc\n","yes":true,"whole":-42,"part":1.5,"none":null,"list":["x","y"],"object":{"a":1}})");
  EXPECT_EQ(*object.Text("text"), "aü\n");
  EXPECT_EQ(*object.Boolean("yes"), true);
  EXPECT_EQ(*object.Integer("whole", -100, 100), -42);
  EXPECT_EQ(*object.Require("part")->AsDecimal(), 1.5);
  EXPECT_EQ(*object.Require("whole")->AsDecimal(), -42);
  EXPECT_TRUE(object.Find("none")->is_null());
  EXPECT_EQ(*object.Texts("list"), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(*object.Require("object")->AsOpenObject()->Integer("a", 0, 1), 1);
  EXPECT_EQ(object.Fields().size(), 7u);
  EXPECT_EQ(object.Fields()[1].first, "yes");
}

TEST(Json, AnErrorNamesTheFieldAndWhatItShouldBeButNeverShowsTheValue) {
  const Object object = ObjectOf(R"({"user":7,"items":[{"name":"s3cret"},{"name":true}],"hosts":["a",{}]})");
  EXPECT_EQ(object.Text("user").error().message, "\"user\" must be text, not a number");
  EXPECT_EQ(object.Text("label").error().message, "\"label\" is missing");
  EXPECT_EQ(object.Texts("hosts").error().message, "\"hosts[1]\" must be text, not an object");
  const auto items = *object.Require("items")->AsList();
  EXPECT_EQ(items[1].AsOpenObject()->Text("name").error().message,
            "\"items[1].name\" must be text, not true or false");
  EXPECT_EQ(items[0].AsOpenObject()->Integer("name", 0, 1).error().message,
            "\"items[0].name\" must be a whole number from 0 to 1, not text");
  EXPECT_EQ(items[0].AsOpenObject()->Text("nane").error().message, "\"items[0].nane\" is missing");
}

TEST(Json, AFieldThatNobodyKnowsIsRefusedWithThoseThatAreKnown) {
  const Value value = *Parse(R"({"user":"ada","lable":"x"})");
  const auto object = value.AsObject({"user", "label"});
  ASSERT_FALSE(object);
  EXPECT_EQ(object.error().message, "\"lable\" is not a field here; known are: user, label");
  EXPECT_TRUE(value.AsObject({"user", "lable"}));
  EXPECT_TRUE(value.AsOpenObject());
}

TEST(Json, WhatIsNullCountsAsAbsent) {
  const Object object = ObjectOf(R"({"a":null,"b":"x","c":3,"d":false,"e":["y"]})");
  EXPECT_EQ(*object.OptionalText("a"), std::nullopt);
  EXPECT_EQ(*object.OptionalInteger("a", 0, 9), std::nullopt);
  EXPECT_EQ(object.Text("a").error().message, "\"a\" is missing");
  EXPECT_EQ(*object.OptionalText("b"), "x");
  EXPECT_EQ(*object.OptionalInteger("c", 0, 9), 3);
  EXPECT_EQ(*object.OptionalBoolean("d"), false);
  EXPECT_EQ((*object.OptionalTexts("e"))->front(), "y");
  EXPECT_FALSE(object.OptionalText("c"));
  EXPECT_FALSE(object.OptionalBoolean("c"));
  EXPECT_FALSE(object.OptionalTexts("c"));
}

TEST(Json, ANumberOutsideItsRangeIsNoNumber) {
  const Object object = ObjectOf(R"({"big":18446744073709551615,"part":1.5,"max":9223372036854775807})");
  EXPECT_EQ(object.Integer("big", 0, INT64_MAX).error().message,
            "\"big\" must be a whole number from 0 to 9223372036854775807");
  EXPECT_FALSE(object.Integer("part", 0, 10));
  EXPECT_EQ(*object.Integer("max", 0, INT64_MAX), INT64_MAX);
  EXPECT_FALSE(object.Integer("max", 0, 100));
}

TEST(Json, ANameThatIsGivenTwiceIsRefused) {
  EXPECT_EQ(ErrorOfText(R"({"role":"viewer","role":"admin"})"),
            "the text holds an object with the same name twice");
  EXPECT_EQ(ErrorOfText(R"({"a":{"x":1},"b":{"x":1}})"), "");
  EXPECT_EQ(ErrorOfText(R"([{"x":1},{"x":1}])"), "");
  EXPECT_NE(ErrorOfText(R"({"a":{"x":1,"\u0078":1}})"), "");
}

TEST(Json, WhatIsLargerThanTheBoundsIsRefused) {
  EXPECT_EQ(ErrorOfText("[[[]]]", {.depth = 3}), "");
  EXPECT_EQ(ErrorOfText("[[[[]]]]", {.depth = 3}), "the text is nested more than 3 deep");
  EXPECT_EQ(ErrorOfText("[1,2,3]", {.values = 4}), "");
  EXPECT_EQ(ErrorOfText("[1,2,3,4]", {.values = 4}), "the text holds more than 4 values");
  EXPECT_EQ(ErrorOfText("12345", {.bytes = 4}), "the text is longer than 4 bytes");
  EXPECT_NE(ErrorOfText(std::string(1'000'000, '[')), "");
}

TEST(Json, WhatIsNotJsonIsRefusedWithItsPlaceAlone) {
  EXPECT_EQ(ErrorOfText(R"({"secret": "abc)"), "the text is not valid JSON at byte 16");
  for (const std::string_view text : {"", " ", "{", "nul", "{\"a\":1,}", "[1] x", "'a'", "\"\xff\"",
                                      "\"\xed\xa0\x80\"", "01", "NaN", "1e999", "\"a\nb\"", "{a:1}"})
    EXPECT_NE(ErrorOfText(text), "") << text;
}

TEST(Json, AValueOutlivesWhatItWasTakenFrom) {
  std::optional<Value> inner;
  {
    const Value whole = *Parse(R"({"a":{"b":"still here"}})");
    inner = whole.AsOpenObject()->Find("a");
  }
  EXPECT_EQ(*inner->AsOpenObject()->Text("b"), "still here");
}

}  // namespace
}  // namespace postern::json
