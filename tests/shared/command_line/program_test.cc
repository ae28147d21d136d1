#include "shared/command_line/program.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/base/version.h"
#include "tests/shared/command_line/sample.h"

namespace postern::command_line {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Ran {
  int code = 0;
  std::string out, err;
};

Ran RunSample(std::vector<std::string> words) {
  const Program program = SampleProgram();
  std::istringstream in;
  std::ostringstream out, err;
  const int code = Run(program, words, in, out, err);
  return {code, out.str(), err.str()};
}

TEST(Program, RunsTheCommandThatTheWordsName) {
  EXPECT_EQ(RunSample({"key", "create", "--user", "alice", "laptop"}).out,
            "key create [laptop] user=alice\n");
  EXPECT_EQ(RunSample({"key", "list"}).out, "key list\n");
  EXPECT_EQ(RunSample({"backup", "here"}).out, "backup [here]\n");
}

TEST(Program, TakesTwoWordsForACommandBeforeOne) {
  EXPECT_EQ(RunSample({"events"}).out, "events\n");
  const Ran verify = RunSample({"events", "verify"});
  EXPECT_EQ(verify.code, kRefused);
  EXPECT_EQ(verify.err, "gatehouse events verify: it isn't allowed\n");
}

TEST(Program, SaysWhatIsWrongAndWhatWasPerhapsMeant) {
  EXPECT_THAT(RunSample({"kee"}).err, HasSubstr("there is no command \"kee\"; did you mean \"key\"?"));
  EXPECT_THAT(RunSample({"key", "crate"}).err,
              HasSubstr("gatehouse key: there is no command \"crate\"; did you mean \"create\"?"));
  EXPECT_THAT(RunSample({"key", "create", "--usr", "x", "a"}).err, HasSubstr("did you mean --user?"));
  EXPECT_THAT(RunSample({"key", "create", "--user", "x"}).err,
              HasSubstr("something is missing: NAME [LABEL]"));
  EXPECT_THAT(RunSample({"key", "create", "a"}).err, HasSubstr("--user USER is missing"));
  EXPECT_THAT(RunSample({"key", "list", "a"}).err, HasSubstr("options only"));
  EXPECT_THAT(RunSample({"--json", "key", "list"}).err, HasSubstr("options stand behind the command"));
  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{{},
                                             {"kee"},
                                             {"key"},
                                             {"key", "crate"},
                                             {"key", "list", "a"},
                                             {"man", "nothing"},
                                             {"completion", "csh"},
                                             {"completion"},
                                             {"key", "create", "--user", "x", "a", "b", "c"}}) {
    const Ran ran = RunSample(wrong);
    EXPECT_EQ(ran.code, kUsage) << ::testing::PrintToString(wrong);
    EXPECT_EQ(ran.out, "");
    EXPECT_NE(ran.err, "");
  }
}

TEST(Program, NeverRepeatsASecretThatWasTypedInTheWrongPlace) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"pst_k7x2m9q4w8ab_01"}, {"key", "pst_k7x2m9q4w8ab_01"}, {"key", "list", "pst_k7x2m9q4w8ab_01"}}) {
    EXPECT_THAT(RunSample(words).err, Not(HasSubstr("k7x2m9q4w8ab")));
  }
}

TEST(Program, ExplainsItselfAtEachLevel) {
  const Ran top = RunSample({"--help"});
  EXPECT_EQ(top.code, kDone);
  EXPECT_THAT(top.out, HasSubstr("gatehouse: a program for tests."));
  EXPECT_THAT(top.out, HasSubstr("  key         The keys.\n"));
  EXPECT_THAT(top.out, HasSubstr("  backup      Copies.\n"));
  EXPECT_THAT(top.out, HasSubstr("Exit codes: 0 done;"));
  EXPECT_THAT(RunSample({"key", "--help"}).out, HasSubstr("  create  Makes a key.\n  list    Shows keys.\n"));
  const Ran command = RunSample({"key", "create", "--help"});
  EXPECT_EQ(command.code, kDone);
  EXPECT_THAT(command.out, HasSubstr("usage: gatehouse key create --user USER [OPTIONS] NAME [LABEL]\n"));
  EXPECT_THAT(command.out, HasSubstr("  --kind KIND  What for. One of person, robot.\n"));
  EXPECT_EQ(RunSample({"help", "key", "create"}).out, command.out);
  EXPECT_EQ(RunSample({"help", "key"}).out, RunSample({"key", "-h"}).out);
  EXPECT_EQ(RunSample({"help", "nothing"}).code, kUsage);
  EXPECT_EQ(RunSample({"--version"}).out, "gatehouse " + std::string(kVersion) + "\n");
}

TEST(Program, TheExitCodeFollowsFromTheError) {
  EXPECT_EQ(ExitCode({ErrorCode::kInvalid, ""}), 2);
  EXPECT_EQ(ExitCode({ErrorCode::kUnavailable, ""}), 3);
  for (const ErrorCode code :
       {ErrorCode::kDenied, ErrorCode::kNotFound, ErrorCode::kExhausted, ErrorCode::kCorrupt})
    EXPECT_EQ(ExitCode({code, ""}), 1);
}

}  // namespace
}  // namespace postern::command_line
