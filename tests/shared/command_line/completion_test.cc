#include "shared/command_line/completion.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/shared/command_line/sample.h"
#include "tests/support/process.h"
#include "tests/support/temporary_directory.h"

namespace postern::command_line {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

using Words = std::vector<std::string>;

// The shells themselves complete: each test asks one for what may stand at the end of a line.
class Completion : public ::testing::Test {
 protected:
  static bool IsThere(const std::string& shell) {
    return std::system(("command -v " + shell + " >/dev/null 2>&1").c_str()) == 0;
  }

  Words RunShell(Words argv) const {
    const auto finished = support::RunProcess({.argv = std::move(argv), .directory = directory_.path()});
    EXPECT_TRUE(finished) << finished.error().message;
    EXPECT_EQ(finished->errors, "");
    Words words;
    std::istringstream lines(finished->output);
    for (std::string line; std::getline(lines, line);) words.push_back(line.substr(0, line.find('\t')));
    return words;
  }

  // What bash offers for the last of these words.
  Words Bash(const Words& line) const {
    std::string words;
    for (const std::string& word : line) words += " '" + word + "'";
    // compopt only works while a completion runs, so it is passed over here.
    return RunShell({"bash", "--norc", "-c",
                     "compopt() { :; }; source " + directory_.Write("bash", BashCompletion(SampleProgram())) +
                         "; COMP_WORDS=(" + words + "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _gatehouse; " +
                         "[ ${#COMPREPLY[@]} = 0 ] || printf '%s\\n' \"${COMPREPLY[@]}\""});
  }

  // What zsh's completion function offers. The functions of zsh's completion system print instead.
  Words Zsh(const Words& line) const {
    std::string words;
    for (const std::string& word : line) words += " '" + word + "'";
    return RunShell({"zsh", "-f", "-c",
                     "compdef() { :; }; source " + directory_.Write("zsh", ZshCompletion(SampleProgram())) +
                         "; compadd() { shift; print -l -- $@; }; _files() { print files $1; }" +
                         "; _describe() { print -l -- ${candidates%%:*}; }" + "; words=(" + words +
                         "); CURRENT=$#words; _gatehouse"});
  }

  Words Fish(const std::string& line) const {
    return RunShell({"fish", "--no-config", "-c",
                     "source " + directory_.Write("script.fish", FishCompletion(SampleProgram())) +
                         "; complete -C '" + line + "'"});
  }

  support::TemporaryDirectory directory_;
};

TEST_F(Completion, BashOffersCommandsThenTheirOptions) {
  EXPECT_THAT(Bash({"gatehouse", ""}),
              UnorderedElementsAre("key", "events", "backup", "man", "completion", "--help", "--version"));
  EXPECT_THAT(Bash({"gatehouse", "k"}), ElementsAre("key"));
  EXPECT_THAT(Bash({"gatehouse", "key", ""}), UnorderedElementsAre("create", "list", "--help"));
  EXPECT_THAT(Bash({"gatehouse", "key", "create", "laptop", "--"}),
              UnorderedElementsAre("--user", "--kind", "--file", "--json", "--help"));
  EXPECT_THAT(Bash({"gatehouse", "events", ""}), UnorderedElementsAre("verify", "--json", "--help"));
  EXPECT_THAT(Bash({"gatehouse", "completion", ""}), UnorderedElementsAre("bash", "zsh", "fish", "--help"));
}

TEST_F(Completion, BashOffersWhatAnOptionTakes) {
  EXPECT_THAT(Bash({"gatehouse", "key", "create", "--kind", ""}), ElementsAre("person", "robot"));
  EXPECT_THAT(Bash({"gatehouse", "key", "create", "--kind", "=", "r"}), ElementsAre("robot"));
  EXPECT_THAT(Bash({"gatehouse", "key", "create", "--kind", "="}), ElementsAre("person", "robot"));
  EXPECT_THAT(Bash({"gatehouse", "key", "create", "--user", ""}), IsEmpty());
  directory_.Write("some-file", "");
  directory_.Write("some-directory/file", "");
  EXPECT_THAT(Bash({"gatehouse", "key", "create", "--file", "some"}),
              UnorderedElementsAre("some-file", "some-directory"));
  EXPECT_THAT(Bash({"gatehouse", "backup", "some"}), ElementsAre("some-directory"));
}

TEST_F(Completion, BashTakesTheScriptWithoutAWord) {
  EXPECT_THAT(RunShell({"bash", "--norc", "-c",
                        "source " + directory_.Write("bash", BashCompletion(SampleProgram())) +
                            "; complete -p gatehouse"}),
              ElementsAre("complete -F _gatehouse gatehouse"));
}

TEST_F(Completion, ZshOffersTheSame) {
  if (!IsThere("zsh")) GTEST_SKIP() << "zsh is not installed";
  EXPECT_THAT(Zsh({"gatehouse", ""}),
              UnorderedElementsAre("key", "events", "backup", "man", "completion", "--help", "--version"));
  EXPECT_THAT(Zsh({"gatehouse", "key", ""}), UnorderedElementsAre("create", "list", "--help"));
  EXPECT_THAT(Zsh({"gatehouse", "key", "create", "x", "--"}),
              UnorderedElementsAre("--user", "--kind", "--file", "--json", "--help"));
  EXPECT_THAT(Zsh({"gatehouse", "key", "create", "--kind", ""}), ElementsAre("person", "robot"));
  EXPECT_THAT(Zsh({"gatehouse", "key", "create", "--file", ""}), ElementsAre("files"));
  EXPECT_THAT(Zsh({"gatehouse", "backup", ""}), Contains("files -/"));
}

TEST_F(Completion, ZshsCompletionSystemTakesTheFile) {
  if (!IsThere("zsh")) GTEST_SKIP() << "zsh is not installed";
  directory_.Write("functions/_gatehouse", ZshCompletion(SampleProgram()));
  EXPECT_THAT(
      RunShell({"zsh", "-f", "-c",
                "fpath=(" + (directory_ / "functions") + " $fpath); autoload -Uz compinit; compinit -u -d " +
                    (directory_ / "dump") + "; print ${_comps[gatehouse]}"}),
      ElementsAre("_gatehouse"));
}

TEST_F(Completion, FishOffersTheSame) {
  if (!IsThere("fish")) GTEST_SKIP() << "fish is not installed";
  EXPECT_THAT(Fish("gatehouse "), AllOf(Contains("key"), Contains("backup"), Not(Contains("create"))));
  EXPECT_THAT(Fish("gatehouse key "), UnorderedElementsAre("create", "list"));
  EXPECT_THAT(Fish("gatehouse key create x --k"), ElementsAre("--kind"));
  EXPECT_THAT(Fish("gatehouse key create --kind "), ElementsAre("person", "robot"));
  EXPECT_THAT(Fish("gatehouse completion "), UnorderedElementsAre("bash", "zsh", "fish"));
}

}  // namespace
}  // namespace postern::command_line
