#include "shared/command_line/man_page.h"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/shared/command_line/sample.h"
#include "tests/support/process.h"

namespace postern::command_line {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Formatted(const std::string& page) {
  const auto finished = support::RunProcess(
      {.argv = {"groff", "-man", "-Tutf8", "-ww", "-P-c", "-P-b", "-P-u"}, .input = page});
  EXPECT_TRUE(finished) << finished.error().message;
  EXPECT_EQ(finished->errors, "");  // no warnings of the formatter
  return finished->output;
}

bool GroffIsThere() { return std::system("command -v groff >/dev/null 2>&1") == 0; }

TEST(ManPage, HoldsEveryCommandAndOption) {
  const std::string page = ManPage(SampleProgram());
  for (const char* part :
       {".SS key create", "\\fB\\-\\-user\\fR \\fIUSER\\fR", "One of person, robot.", ".SH FILES",
        "/etc/gatehouse.yaml", ".SH ENVIRONMENT", ".SH EXIT STATUS", ".SH EXAMPLES"}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
}

TEST(ManPage, IsReadableToTheFormatter) {
  if (!GroffIsThere()) GTEST_SKIP() << "groff is not installed";
  const std::string text = Formatted(ManPage(SampleProgram()));
  EXPECT_THAT(text, HasSubstr("gatehouse - a program for tests."));
  EXPECT_THAT(text, HasSubstr("gatehouse key create --user USER [OPTIONS] NAME [LABEL]"));
  EXPECT_THAT(text, HasSubstr("First paragraph of gatehouse."));
  EXPECT_THAT(text, HasSubstr("kept as\n"));
  EXPECT_THAT(text, HasSubstr(".dotted line, with a back\\slash."));
}

TEST(ManPage, OfOneCommandSpeaksOfItAlone) {
  const Program program = SampleProgram();
  const std::string page = ManPage(program, *FindCommand(program, "key create"));
  EXPECT_THAT(page, HasSubstr(".TH GATEHOUSE\\-KEY\\-CREATE 1"));
  EXPECT_THAT(page, HasSubstr("It's shown once... to Zo\\[u00EB]"));
  EXPECT_THAT(page, Not(HasSubstr("Copies.")));
  if (GroffIsThere()) {
    EXPECT_THAT(Formatted(page), HasSubstr("gatehouse-key-create - Makes a key."));
  }
}

}  // namespace
}  // namespace postern::command_line
