#include "shared/command_line/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::command_line {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<Option> kOptions{
    {.name = "user", .value = "NAME", .sentence = "A user."},
    {.name = "label", .value = "TEXT", .sentence = "A label."},
    {.name = "format", .value = "FORM", .sentence = "A form.", .choices = {"table", "json"}},
    {.name = "json", .sentence = "A flag."},
};

Result<Arguments> Parse(std::vector<std::string> arguments) { return Arguments::Parse(arguments, kOptions); }

TEST(Arguments, ReadsWordsOptionsAndFlagsInAnyOrder) {
  const auto arguments = Parse({"--json", "create", "--user=a=b", "-", "--label", "--json"});
  ASSERT_TRUE(arguments) << arguments.error().message;
  EXPECT_EQ(arguments->words(), (std::vector<std::string>{"create", "-"}));
  EXPECT_EQ(arguments->Value("user"), "a=b");
  EXPECT_EQ(arguments->Value("label"), "--json");
  EXPECT_TRUE(arguments->Has("json"));
  EXPECT_EQ(Parse({})->Value("user"), std::nullopt);
  EXPECT_EQ(Parse({})->ValueOr("user", "nobody"), "nobody");
  EXPECT_FALSE(Parse({})->Has("json"));
}

TEST(Arguments, TakesAllAfterTwoDashesForWords) {
  EXPECT_EQ(Parse({"a", "--", "--json", "--", "-b"})->words(),
            (std::vector<std::string>{"a", "--json", "--", "-b"}));
}

TEST(Arguments, SaysWhatIsWrong) {
  EXPECT_EQ(Parse({"--usr", "a"}).error().message, "--usr: unknown option; did you mean --user?");
  EXPECT_EQ(Parse({"--colour"}).error().message, "--colour: unknown option");
  EXPECT_EQ(Parse({"--user"}).error().message, "--user: a value is missing");
  EXPECT_EQ(Parse({"--json=yes"}).error().message, "--json: takes no value");
  EXPECT_EQ(Parse({"--user", "a", "--user=b"}).error().message, "--user: is given twice");
  EXPECT_EQ(Parse({"--format", "jsn"}).error().message,
            "--format: found \"jsn\", allowed is one of table, json; did you mean \"json\"?");
  EXPECT_EQ(Parse({"-json"}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(Parse({"--json", "--json"}).error().code, ErrorCode::kInvalid);
}

TEST(Arguments, NeverRepeatsWhatCouldBeASecret) {
  for (const char* word : {"--sk-ant-0123", "--format=pst_abc", "-pst_k7x2"}) {
    const auto parsed = Parse({word});
    ASSERT_FALSE(parsed);
    EXPECT_THAT(parsed.error().message, Not(HasSubstr("pst_")));
    EXPECT_THAT(parsed.error().message, Not(HasSubstr("0123")));
  }
}

TEST(Arguments, MissesRequiredOptions) {
  const std::vector<Option> options{
      {.name = "provider", .value = "P", .sentence = "", .need = Need::kRequired}};
  EXPECT_EQ(Arguments::Parse({}, options).error().message, "--provider P is missing");
  const std::vector<std::string> given{"--provider", "x"};
  EXPECT_TRUE(Arguments::Parse(given, options));
}

TEST(Arguments, ReadsListsAndNumbers) {
  EXPECT_EQ(Parse({"--user", "a,,b,"})->List("user"), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(Parse({})->List("user").empty());
  EXPECT_EQ(**Parse({"--user", "17"})->Number("user", 1, 20), 17u);
  EXPECT_EQ(*Parse({})->Number("user", 1, 20), std::nullopt);
  for (const char* wrong : {"0", "21", "-1", "1x", "", "99999999999999999999"}) {
    const auto number = Parse({"--user", wrong})->Number("user", 1, 20);
    ASSERT_FALSE(number) << wrong;
    EXPECT_EQ(number.error().message, "--user: allowed is a whole number from 1 to 20");
  }
}

}  // namespace
}  // namespace postern::command_line
