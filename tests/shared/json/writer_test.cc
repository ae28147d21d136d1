#include "shared/json/writer.h"

#include <gtest/gtest.h>

namespace postern::json {
namespace {

TEST(JsonWriter, WritesInTheOrderOfTheCalls) {
  Writer out;
  out.BeginObject().Text("user", "ada").Texts("hosts", {"build-1", "build-2"}).Texts("none", {});
  out.BeginObject("spent").Integer("nano_dollars", INT64_MIN).Integer("max", UINT64_MAX).EndObject();
  out.Boolean("active", true).Null("next");
  out.BeginList("items")
      .BeginObject()
      .EndObject()
      .BeginList()
      .Integer(1)
      .Null()
      .Text("x")
      .EndList()
      .EndList();
  out.EndObject();
  EXPECT_EQ(
      out.Take(),
      R"({"user":"ada","hosts":["build-1","build-2"],"none":[],)"
      R"("spent":{"nano_dollars":-9223372036854775808,"max":18446744073709551615},"active":true,"next":null,)"
      R"("items":[{},[1,null,"x"]]})");
}

TEST(JsonWriter, IsEmptyAgainWhenItsTextWasTaken) {
  Writer out;
  EXPECT_EQ(out.BeginList().Text("a").EndList().Take(), R"(["a"])");
  EXPECT_EQ(out.BeginList().Text("b").EndList().Take(), R"(["b"])");
}

TEST(JsonWriter, WhateverComesInTheResultIsValid) {
  Writer out;
  out.BeginObject().Text("\"na\nme\"", std::string_view("\0\x1f\"\\\xff end", 9)).EndObject();
  const std::string text = out.Take();
  const auto back = Parse(text);
  ASSERT_TRUE(back) << text;
  EXPECT_EQ(*back->AsOpenObject()->Text("\"na\nme\""), std::string_view("\0\x1f\"\\\xEF\xBF\xBD end", 11));
}

TEST(JsonWriter, CopiesWhatWasRead) {
  const std::string text =
      R"({"a":[1,-2.50,1e3,18446744073709551615,true,false,null,"t"],"b":{"c":{},"d":[]}})";
  Writer out;
  EXPECT_EQ(out.Copy(*Parse(text)).Take(), text);
  EXPECT_EQ(out.BeginObject().Copy("x", *Parse("[1]")).EndObject().Take(), R"({"x":[1]})");
}

TEST(JsonWriter, AWholeValueCanBeWrittenUnderAName) {
  Writer out;
  const auto write_whole = [&] { out.BeginObject().Integer("a", 1).EndObject(); };
  out.BeginObject().Name("x");
  write_whole();
  out.Text("y", "z").EndObject();
  EXPECT_EQ(out.Take(), R"({"x":{"a":1},"y":"z"})");
}

TEST(JsonWriterDeath, AFieldNeedsAnObjectAndTheEndItsBeginning) {
  EXPECT_DEATH(Writer().Text("name", "value"), "CHECK");
  EXPECT_DEATH(Writer().BeginObject().Text("value"), "CHECK");
  EXPECT_DEATH(Writer().BeginObject().EndList(), "CHECK");
  EXPECT_DEATH(Writer().BeginObject().Take(), "CHECK");
  EXPECT_DEATH(Writer().Null().Null(), "CHECK");
}

}  // namespace
}  // namespace postern::json
