#include "collector/cli/program.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/process.h"
#include "tests/support/temporary_directory.h"

namespace postern::cli {
namespace {

using ::testing::HasSubstr;

struct Ran {
  int code = 0;
  std::string out, err;
};

Ran RunPostern(std::vector<std::string> words) {
  std::istringstream in;
  std::ostringstream out, err;
  const int code = command_line::Run(PosternProgram(), words, in, out, err);
  return {code, out.str(), err.str()};
}

TEST(Postern, ExplainsEveryCommand) {
  for (const auto& command : PosternProgram().commands) {
    std::vector<std::string> words;
    std::istringstream name{std::string(command.name)};
    for (std::string word; name >> word;) words.push_back(word);
    words.emplace_back("--help");
    const Ran ran = RunPostern(words);
    EXPECT_EQ(ran.code, 0);
    EXPECT_THAT(ran.out, HasSubstr("usage: postern " + std::string(command.name)));
    for (const auto& option : command.options) {
      EXPECT_TRUE(option.sentence.ends_with('.')) << command.name << " --" << option.name;
    }
    EXPECT_TRUE(command.sentence.ends_with('.')) << command.name;
  }
}

TEST(Postern, HasJsonEverywhereWhereSomethingIsShown) {
  for (const auto& command : PosternProgram().commands) {
    if (command.name == "man" || command.name == "completion" || command.name == "logout") continue;
    const bool has_json = std::any_of(command.options.begin(), command.options.end(),
                                      [](const auto& option) { return option.name == "json"; });
    EXPECT_TRUE(has_json) << command.name;
  }
}

TEST(Postern, TakesNoSecretFromTheCommandLine) {
  EXPECT_EQ(RunPostern({"credential", "add", "main", "--provider", "anthropic", "--value", "x"}).code, 2);
  EXPECT_EQ(RunPostern({"login", "https://keep:4790", "--token", "x"}).code, 2);
  const Ran pasted = RunPostern({"key", "show", "pst_k7x2m9q4w8ab_0123456789ABCDEFGHIJKLMNOPQR2Wsf4f"});
  EXPECT_EQ(pasted.code, 2);
  EXPECT_EQ(pasted.err.find("0123456789"), std::string::npos);
}

TEST(Postern, RefusesWrongTimesBeforeItAsksAnybody) {
  EXPECT_THAT(RunPostern({"audit", "query", "--since", "yesterday"}).err,
              HasSubstr("--since: found \"yesterday\""));
  EXPECT_EQ(RunPostern({"audit", "query", "--since", "yesterday"}).code, 2);
  EXPECT_EQ(RunPostern({"audit", "query", "--limit", "0"}).code, 2);
  EXPECT_EQ(RunPostern({"key", "create", "--user", "a", "--expires", "soon"}).code, 2);
}

TEST(Postern, CompletesItsOwnCommandsInBash) {
  const support::TemporaryDirectory directory;
  const std::string script = directory.Write("postern", RunPostern({"completion", "bash"}).out);
  const auto finished = support::RunProcess({.argv = {"bash", "--norc", "-c",
                                                      "source " + script +
                                                          "; COMP_WORDS=(postern audit query --decision r); "
                                                          "COMP_CWORD=4; _postern; echo ${COMPREPLY[*]}"}});
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->output, "refused\n");
  EXPECT_EQ(finished->errors, "");
}

}  // namespace
}  // namespace postern::cli
