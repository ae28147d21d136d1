#include "collector/cli/body.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::cli {
namespace {

using command_line::Invocation;
using ::testing::HasSubstr;

Result<std::string> built = std::string();

int Build(const Invocation& call) {
  built = BodyOf(
      call, {{"id", "x"}},
      {{"user", "user"}, {"host", "hosts", FieldKind::kList}, {"expires", "expires", FieldKind::kTime}});
  return 0;
}

Result<std::string> Body(std::vector<std::string> words) {
  const command_line::Program program{
      .name = "p",
      .sentence = "",
      .description = "",
      .commands = {{.name = "c",
                    .sentence = "",
                    .options = {{.name = "user", .value = "U", .sentence = ""},
                                {.name = "host", .value = "H", .sentence = ""},
                                {.name = "expires", .value = "T", .sentence = ""}},
                    .run = Build}}};
  words.insert(words.begin(), "c");
  std::istringstream in;
  std::ostringstream out, err;
  EXPECT_EQ(command_line::Run(program, words, in, out, err), 0) << err.str();
  return built;
}

TEST(Body, HoldsWhatWasGivenAndNothingElse) {
  EXPECT_EQ(*Body({}), R"({"id":"x"})");
  EXPECT_EQ(*Body({"--user", "a\"b", "--host", "h1,h2"}), R"({"id":"x","user":"a\"b","hosts":["h1","h2"]})");
  EXPECT_EQ(*Body({"--user", "", "--host", ""}), R"({"id":"x","user":"","hosts":[]})");
}

TEST(Body, WritesTimesAsTheApiTakesThem) {
  EXPECT_EQ(*Body({"--expires", "2999-01-31"}), R"({"id":"x","expires":"2999-01-31T00:00:00Z"})");
  EXPECT_EQ(*Body({"--expires", "never"}), R"({"id":"x","expires":null})");
  const auto past = Body({"--expires", "2001-01-01"});
  ASSERT_FALSE(past);
  EXPECT_EQ(past.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(past.error().message, HasSubstr("--expires"));
}

}  // namespace
}  // namespace postern::cli
