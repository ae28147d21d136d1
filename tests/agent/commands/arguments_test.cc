#include "agent/commands/arguments.h"

#include <gtest/gtest.h>

namespace postern::commands {
namespace {

Result<Arguments> Parse(std::vector<std::string> arguments) {
  return Arguments::Parse(arguments, {"user", "label"}, {"json"});
}

TEST(Arguments, ReadsWordsOptionsAndFlagsInAnyOrder) {
  const auto arguments = Parse({"--json", "create", "--user=a=b", "x", "--label", "--json"});
  ASSERT_TRUE(arguments) << arguments.error().message;
  EXPECT_EQ(arguments->words(), (std::vector<std::string>{"create", "x"}));
  EXPECT_EQ(arguments->Value("user"), "a=b");
  EXPECT_EQ(arguments->Value("label"), "--json");
  EXPECT_TRUE(arguments->Has("json"));
  EXPECT_EQ(Parse({})->Value("user"), std::nullopt);
  EXPECT_FALSE(Parse({})->Has("json"));
}

TEST(Arguments, TakesAllAfterTwoDashesForWords) {
  EXPECT_EQ(Parse({"a", "--", "--json", "--", "-b"})->words(),
            (std::vector<std::string>{"a", "--json", "--", "-b"}));
}

TEST(Arguments, SaysWhatIsWrong) {
  EXPECT_EQ(Parse({"--usr", "a"}).error().message, "--usr: unknown option");
  EXPECT_EQ(Parse({"--user"}).error().message, "--user: a value is missing");
  EXPECT_EQ(Parse({"--json=yes"}).error().message, "--json: takes no value");
  EXPECT_EQ(Parse({"--user", "a", "--user=b"}).error().message, "--user: is given twice");
  EXPECT_EQ(Parse({"--json", "--json"}).error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace postern::commands
