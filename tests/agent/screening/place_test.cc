#include "agent/screening/place.h"

#include <string>

#include <gtest/gtest.h>

namespace postern::screening {
namespace {

constexpr std::string_view kBody =
    R"({"model":"m","system":[{"type":"text","text":"A0"},{"type":"text","text":"A1"}],)"
    R"("messages":[{"role":"user","content":"A2"},)"
    R"({"role":"assistant","content":[{"type":"thinking","thinking":"A3","signature":"s"},{"type":"text","text":"A4"},)"
    R"({"type":"tool_use","input":{"file_path":"/repo/.env","x":{"file_path":"/no","y":"A5"}},"name":"Read","id":"t1"}]},)"
    R"({"role":"user","content":[{"tool_use_id":"t1","content":[{"type":"text","text":"A6"}],"type":"tool_result"},)"
    R"({"type":"document","source":{"type":"text","data":"A7"}},{"type":"odd","x":"A8"}]}],)"
    R"("tools":[{"name":"Bash","description":"A9"}],"metadata":{"user_id":"B0"},"stop_sequences":["B1"],"own":"B2"})";

Place At(std::string_view mark) {
  dialect::JsonCursor json;
  const auto places = Places::Of(kBody, json);
  EXPECT_TRUE(places);
  return places->At(kBody.find(mark));
}

TEST(Places, SayWhereSomethingStands) {
  EXPECT_EQ(At("A0"), (Place{.part = "system"}));
  EXPECT_EQ(At("A1"), (Place{.part = "system", .block = 1}));
  EXPECT_EQ(At("A2"), (Place{.part = "text"}));
  EXPECT_EQ(At("A3"), (Place{.part = "thinking", .message = 1}));
  EXPECT_TRUE(IsSigned(At("A3")));
  EXPECT_EQ(At("A4"), (Place{.part = "text", .message = 1, .block = 1}));
  EXPECT_FALSE(IsSigned(At("A4")));
  EXPECT_EQ(At("A5"), (Place{.part = "tool_input",
                             .message = 1,
                             .block = 2,
                             .tool = "Read",
                             .path = "/repo/.env",
                             .is_its_file = true}));
  EXPECT_EQ(
      At("A6"),
      (Place{
          .part = "tool_result", .message = 2, .tool = "Read", .path = "/repo/.env", .is_its_file = true}));
  EXPECT_EQ(At("A7"), (Place{.part = "document", .message = 2, .block = 1}));
  EXPECT_EQ(At("A8"), (Place{.part = "other", .message = 2, .block = 2}));
  EXPECT_EQ(At("A9"), (Place{.part = "tools", .tool = "Bash"}));
  EXPECT_EQ(At("B0"), (Place{.part = "metadata"}));
  EXPECT_EQ(At("B1"), (Place{.part = "stop_sequences"}));
  EXPECT_EQ(At("B2"), (Place{.part = "other"}));
}

TEST(Places, ABlockThatCallsItselfThinkingAndSomethingElseIsThinking) {
  constexpr std::string_view body =
      R"({"messages":[{"role":"assistant","content":[{"type":"thinking","type":"text","text":"A0"}]}]})";
  dialect::JsonCursor json;
  EXPECT_TRUE(IsSigned(Places::Of(body, json)->At(body.find("A0"))));
}

Place OfInput(const std::string& tool, const std::string& input) {
  const std::string body =
      R"({"messages":[{"role":"assistant","content":[{"type":"tool_use","input":)" + input +
      R"(,"id":"t1","name":")" + tool +
      R"("}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"A0"}]}]})";
  dialect::JsonCursor json;
  return Places::Of(body, json)->At(body.find("A0"));
}

TEST(Places, OfAnOwnToolTheFieldCountsThatItGoesBy) {
  const Place read = OfInput("Read", R"({"file_path":"/repo/.env","path":"/repo/testdata/x"})");
  EXPECT_EQ(read.path, "/repo/.env");
  EXPECT_TRUE(read.is_its_file);
  const Place notebook = OfInput("NotebookEdit", R"({"file_path":"/a","notebook_path":"/b"})");
  EXPECT_EQ(notebook.path, "/b");
  EXPECT_TRUE(notebook.is_its_file);
  EXPECT_FALSE(OfInput("Read", R"({"path":"/repo/testdata/x"})").is_its_file);
  for (const char* tool : {"Bash", "mcp__files__Read", "read"}) {
    const Place other = OfInput(tool, R"({"path":"/repo/testdata/x"})");
    EXPECT_EQ(other.path, "/repo/testdata/x");
    EXPECT_FALSE(other.is_its_file) << tool;
  }
}

TEST(Places, APathIsTakenForWhereItLeads) {
  EXPECT_EQ(OfInput("Read", R"({"file_path":"/repo/testdata/../.env"})").path, "/repo/.env");
  EXPECT_EQ(OfInput("Read", R"({"file_path":"/repo//a/./b"})").path, "/repo/a/b");
  // What is cut off might lead elsewhere.
  const std::string far = R"({"file_path":"/repo/testdata/)" + std::string(600, 'x') + R"(/../../.env"})";
  EXPECT_FALSE(OfInput("Read", far).is_its_file);
}

TEST(Places, OddFormsAreSomewhere) {
  for (const std::string_view body :
       {R"({"messages":"A0"})", R"({"messages":[1,"A0"]})", R"({"messages":[{"content":["A0"]}]})",
        R"({"messages":[{"content":{"x":"A0"}}]})", R"({"tools":"A0"})", R"({"tools":["A0"]})",
        R"({"system":"A0"})", R"({"messages":[{"role":"A0"}]})",
        R"({"messages":[{"content":[{"type":"tool_use","input":"A0","name":3,"id":[]}]}]})"}) {
    dialect::JsonCursor json;
    const auto places = Places::Of(body, json);
    ASSERT_TRUE(places) << body;
    EXPECT_FALSE(IsSigned(places->At(body.find("A0")))) << body;
  }
}

TEST(Places, WhatIsNoRequestHasNone) {
  for (const std::string_view body : {"", "[]", "{", R"({"messages":[})", R"({"a":1}x)"}) {
    dialect::JsonCursor json;
    EXPECT_FALSE(Places::Of(body, json)) << body;
  }
}

}  // namespace
}  // namespace postern::screening
