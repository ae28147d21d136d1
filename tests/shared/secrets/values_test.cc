// What stands in a body's values, keys and lists, and what only the JSON between them would make a secret.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/base/json_text.h"
#include "shared/secrets/body_scan.h"
#include "shared/secrets/rule_file.h"
#include "tests/shared/secrets/cases.h"

namespace postern::secrets {
namespace {

using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Scanner& KeyScanner() {
  static const Scanner scanner = [] {
    auto rules = ReadRules(R"(
[[rules]]
id = "key"
regex = '''-----BEGIN KEY-----[\s!-~]{64,}?KEY-----'''
keywords = ["-----begin"]
[[rules]]
id = "user"
regex = '''curl -u user:(\S{3,20})'''
[[rules]]
id = "quoted-user"
regex = '''login user:['"]?([^'"]{3,20})'''
[[rules]]
id = "digits"
regex = '''pin\W{1,4}(\d{16})'''
)",
                           "v.toml", {});
    CHECK(rules);
    return *Scanner::Make(*std::move(rules), {});
  }();
  return scanner;
}

std::vector<BodyFinding> Find(const std::string& body, const Scanner& scanner = KeyScanner()) {
  Workspace workspace(scanner);
  auto scan = ScanBody({.scanner = scanner, .workspace = workspace, .body = body});
  CHECK(scan);
  return std::move(scan->findings);
}

// A conversation of these texts.
std::string Conversation(const std::vector<std::string>& texts) {
  std::string body = R"({"model":"m","messages":[)";
  for (const std::string& text : texts)
    body += R"({"role":"user","content":[{"type":"text","text":)" + JsonString(text) + "}]},";
  body.back() = ']';
  return body + "}";
}

// An answer with a call of a tool.
std::string CallWith(const std::string& input) {
  return R"({"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"X","input":)" +
         input + "}]}]}";
}

const std::string kMention = R"(if (text.starts_with("-----BEGIN KEY-----")) {)";
const std::string kProse = "The parser takes all that stands between two such lines, whatever it may be. ";
const std::vector<std::string> kLines = {"-----BEGIN KEY-----", std::string(64, 'A') + "b1",
                                         std::string(64, 'c') + "d2", "-----END KEY-----"};

std::string List(const std::string& between) {
  std::string list = "[";
  for (const std::string& line : kLines) list += (list.size() > 1 ? between : "") + JsonString(line);
  return list + "]";
}

TEST(Values, WhatIsSpokenOfInTwoMessagesIsNoSecret) {
  EXPECT_THAT(Find(Conversation({kMention, kProse, kMention})), IsEmpty());
  EXPECT_THAT(Find(Conversation({kMention, kProse, "and -----END KEY----- ends it"})), IsEmpty());
  EXPECT_THAT(Find(Conversation({"run curl -u user:", kProse})), IsEmpty());
  EXPECT_THAT(Find(Conversation({"login user:", kProse})), IsEmpty());
  // Nor in two fields of a tool's input.
  const std::string fields = R"({"command":"curl -u user:","description":"asks for the password"})";
  EXPECT_THAT(Find(CallWith(fields)), IsEmpty());
  EXPECT_THAT(Find(Conversation({fields})), IsEmpty());
  // Gitleaks' own rules.
  EXPECT_THAT(Find(Conversation({"-----BEGIN RSA PRIVATE KEY----- is how it begins", kProse, kProse,
                                 "grep -----BEGIN PRIVATE KEY-----"}),
                   GitleaksScanner()),
              IsEmpty());
}

TEST(Values, AKeyThatIsWholeInOneOfThemIsFoundBehindAMention) {
  std::string text;
  for (const std::string& line : kLines) text += line + "\n";
  const auto found = Find(Conversation({kMention, kProse, "a\n" + text + "b", kMention}));
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].secret + "\n", text);
  EXPECT_TRUE(found[0].cut);
}

TEST(Values, AListOfStringsIsLinesOfAText) {
  for (const char* between : {",", " ,\n\t "}) {
    const std::string list = List(between);
    for (const std::string& body :
         {CallWith(R"({"key":)" + list + "}"), Conversation({kMention, kProse, R"({"key":)" + list + "}"}),
          Conversation({R"({"before":"x","key":)" + list + R"(,"after":["a","b"]})"})}) {
      const auto found = Find(body);
      ASSERT_THAT(found, SizeIs(1)) << body;
      // It stands in no one value, and so it can't be taken out.
      EXPECT_FALSE(found[0].cut);
      EXPECT_THAT(found[0].secret, EndsWith("-----END KEY-----"));
    }
  }
  // With something else in between it is none.
  EXPECT_THAT(
      Find(R"({"key":["-----BEGIN KEY-----",1,")" + std::string(80, 'a') + R"(","-----END KEY-----"]})"),
      IsEmpty());
  EXPECT_THAT(Find(R"({"run":["curl -u user:","https://host.example"]})"), IsEmpty());
}

TEST(Values, AKeyIsFoundAnywhereInALongList) {
  for (const size_t before : {0u, 60u, 100u, 104u, 108u, 120u, 400u}) {
    std::string list = "[" + JsonString(kMention);
    for (size_t i = 0; i < before; ++i) list += "," + JsonString(kProse);
    list += "," + List(",").substr(1);
    const auto found = Find(R"({"lines":)" + list + "}");
    ASSERT_FALSE(found.empty()) << before;
    EXPECT_THAT(found.back().secret, EndsWith("KEY-----")) << before;
  }
}

TEST(Values, WhatStandsInAKeyOrANumberIsFound) {
  EXPECT_THAT(Find(CallWith(R"({"env":{"curl -u user:abc123":"x"}})")), SizeIs(1));
  EXPECT_THAT(Find(CallWith(R"({"pin":1234567812345678})")), SizeIs(1));
}

}  // namespace
}  // namespace postern::secrets
