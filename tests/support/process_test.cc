#include "tests/support/process.h"

#include <gtest/gtest.h>
#include <signal.h>

#include "tests/support/temporary_directory.h"

namespace postern::support {
namespace {

using std::chrono::milliseconds;

TEST(Process, GivesItsOutputAndHowItEnded) {
  const auto finished = RunProcess({.argv = {"sh", "-c", "cat; echo problem >&2; exit 3"}, .input = "hello"});
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->output, "hello");
  EXPECT_EQ(finished->errors, "problem\n");
  EXPECT_EQ(finished->ending.code, 3);
}

TEST(Process, SetsVariablesOnTopOfTheEnvironment) {
  EXPECT_EQ(RunProcess({.argv = {"sh", "-c", "echo $GREETING"}, .variables = {{"GREETING", "hi"}}})->output,
            "hi\n");
  EXPECT_EQ(
      RunProcess({.argv = {"/usr/bin/env"}, .variables = {{"A", "1"}}, .environment = Environment::kEmpty})
          ->output,
      "A=1\n");
}

TEST(Process, WorksInItsDirectoryAndWritesToFiles) {
  const TemporaryDirectory directory;
  const auto finished = RunProcess({.argv = {"sh", "-c", "pwd; echo two >&2"},
                                    .directory = directory.path(),
                                    .output_file = directory / "out",
                                    .error_file = directory / "err"});
  ASSERT_TRUE(finished);
  EXPECT_EQ(ReadFile(directory / "out"), directory.path() + "\n");
  EXPECT_EQ(ReadFile(directory / "err"), "two\n");
}

TEST(Process, FindsALineAndSaysWhatCameInstead) {
  const auto process = Process::Start({.argv = {"sh", "-c", "echo one; echo the second line; sleep 60"}});
  ASSERT_TRUE(process);
  EXPECT_EQ(*(*process)->WaitForLine("second"), "the second line");
  const auto missing = (*process)->WaitForLine("third", milliseconds(10));
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("the second line"), std::string::npos);
}

TEST(Process, ALineWaitEndsWithTheChild) {
  const auto process = Process::Start({.argv = {"echo", "over"}});
  ASSERT_TRUE(process);
  EXPECT_FALSE((*process)->WaitForLine("never"));
}

TEST(Process, StopsOnATermSignalOrIsKilled) {
  const auto polite = Process::Start({.argv = {"sleep", "60"}});
  ASSERT_TRUE(polite);
  EXPECT_EQ((*polite)->Stop().signal, SIGTERM);
  const auto stubborn =
      Process::Start({.argv = {"sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"}});
  ASSERT_TRUE(stubborn);
  ASSERT_TRUE((*stubborn)->WaitForLine("ready"));
  EXPECT_EQ((*stubborn)->Stop(milliseconds(20)).signal, SIGKILL);
}

TEST(Process, HeedsASignalThatWeIgnore) {
  struct sigaction ignore{};
  struct sigaction before{};
  ignore.sa_handler = SIG_IGN;
  ASSERT_EQ(::sigaction(SIGINT, &ignore, &before), 0);
  const auto process =
      Process::Start({.argv = {"sh", "-c", "trap 'exit 7' INT; echo ready; while :; do sleep 0.01; done"}});
  ASSERT_EQ(::sigaction(SIGINT, &before, nullptr), 0);
  ASSERT_TRUE(process);
  ASSERT_TRUE((*process)->WaitForLine("ready"));
  (*process)->Signal(SIGINT);
  EXPECT_EQ((*process)->Wait(), (Ending{.code = 7, .signal = std::nullopt}));
}

TEST(Process, LeavesNoGrandchildrenBehind) {
  pid_t grandchild = 0;
  {
    const auto process = Process::Start({.argv = {"sh", "-c", "sleep 60 & echo child $!; wait"}});
    ASSERT_TRUE(process);
    grandchild = std::stoi((*process)->WaitForLine("child ")->substr(6));
    ASSERT_EQ(::kill(grandchild, 0), 0);
  }
  // Killed with the group; whoever inherited it may not have reaped it yet, so a zombie counts as gone.
  for (;;) {
    const std::string status = ReadFile("/proc/" + std::to_string(grandchild) + "/stat");
    if (status.empty() || status.find(") Z") != std::string::npos) break;
  }
}

TEST(Process, SaysThatThereIsNoSuchProgram) {
  EXPECT_EQ(Process::Start({.argv = {"/no/such/program"}}).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace postern::support
