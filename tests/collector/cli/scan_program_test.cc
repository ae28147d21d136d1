// `postern scan` as people run it: on a terminal, and with others that read its report.
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/json/value.h"
#include "tests/support/paths.h"
#include "tests/support/process.h"
#include "tests/support/temporary_directory.h"

namespace postern::cli {
namespace {

using ::testing::AnyOf;
using ::testing::Each;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kRules = "[[rules]]\nid = 'key'\nregex = 'key=([a-z0-9]{8,})'\nkeywords = ['key']\n";

// The program on a terminal of its own.
class OnTerminal {
 public:
  explicit OnTerminal(const std::vector<std::string>& words) {
    std::vector<char*> argv;
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    pid_ = forkpty(&terminal_, nullptr, nullptr, nullptr);
    if (pid_ == 0) {
      // Who started the tests may ignore them, as a shell does for what runs in its background.
      for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) std::signal(number, SIG_DFL);
      execv(argv[0], argv.data());
      _exit(127);
    }
  }
  ~OnTerminal() {
    if (!ended_) kill(pid_, SIGKILL), waitpid(pid_, nullptr, 0);
    close(terminal_);
  }

  // Whether the program shows this before it ends.
  bool Shows(std::string_view text) {
    while (shown_.find(text) == std::string::npos) {
      if (!Read()) return false;
    }
    return true;
  }
  void Type(char key) const { ASSERT_EQ(write(terminal_, &key, 1), 1); }
  // Everything that it has shown, and how it ended.
  std::string ShownAtItsEnd(int& status) {
    while (Read()) {
    }
    waitpid(pid_, &status, 0);
    ended_ = true;
    return shown_;
  }

 private:
  bool Read() {
    char bytes[4096];
    const ssize_t count = read(terminal_, bytes, sizeof bytes);
    if (count <= 0) return false;
    shown_.append(bytes, static_cast<size_t>(count));
    return true;
  }

  pid_t pid_ = -1;
  int terminal_ = -1;
  std::string shown_;
  bool ended_ = false;
};

class ScanProgram : public testing::Test {
 protected:
  ScanProgram() {
    setenv("XDG_CACHE_HOME", (directory_ / "cache").c_str(), 1);
    Write("rules.toml", kRules);
  }
  void Write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(directory_ / name).parent_path());
    std::ofstream(directory_ / name, std::ios::binary) << text;
  }
  std::vector<std::string> Scan(std::vector<std::string> words) const {
    words.insert(words.begin(),
                 {support::InBuild("bin/postern"), "scan", "--config", directory_ / "rules.toml"});
    return words;
  }

  const support::TemporaryDirectory directory_;
};

TEST_F(ScanProgram, TakesItsBarAwayWhenItIsInterrupted) {
  // Nobody writes to it, so that the scan goes on.
  const std::string pipe = directory_ / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  OnTerminal program(Scan({pipe, "--report", directory_ / "report.json"}));
  ASSERT_TRUE(program.Shows("] 0 of 1 files"));
  program.Type('\x03');
  int status = 0;
  const std::string shown = program.ShownAtItsEnd(status);
  // A shell makes 130 of it, and ends what it was doing, too.
  ASSERT_TRUE(WIFSIGNALED(status)) << status;
  EXPECT_EQ(WTERMSIG(status), SIGINT);
  EXPECT_THAT(shown, EndsWith("\r\x1b[K"));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "report.json"));
}

TEST_F(ScanProgram, LeavesNoBarAtItsEnd) {
  Write("a.txt", "key=abcd1234\n");
  OnTerminal program(Scan({directory_ / "a.txt"}));
  int status = 0;
  const std::string shown = program.ShownAtItsEnd(status);
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_THAT(shown, HasSubstr("\r\x1b[KRULE"));
  EXPECT_THAT(shown.substr(shown.rfind("\x1b[K")), Not(HasSubstr(" files, 0 MB")));
}

TEST_F(ScanProgram, AReportThatCannotBeWrittenIsNoCleanScan) {
  Write("clean.txt", "nothing\n");
  std::vector<std::string> argv = Scan({directory_ / "clean.txt", "--json"});
  argv.insert(argv.begin(), {"/bin/sh", "-c", R"(exec "$0" "$@" > /dev/full)"});
  const auto ran = support::RunProcess({.argv = argv});
  EXPECT_EQ(ran->ending.code, 2);
  EXPECT_THAT(ran->errors, HasSubstr("can't be written to standard output"));
}

// Microsoft's own validator, which holds a file against the schema of SARIF 2.1.0 and the rules of the
// specification.
class SarifValidator : public ScanProgram {
 protected:
  void SetUp() override {
    if (access(program_.c_str(), X_OK) != 0)
      GTEST_SKIP() << "the validator isn't installed: tests/peers/README.md";
  }

  // The errors and warnings that it has, as "RULE arguments".
  std::vector<std::string> Complaints(const std::string& report) const {
    const std::string file = directory_ / "report.sarif", judged = directory_ / "judged.sarif";
    std::ofstream(file, std::ios::binary) << report;
    std::filesystem::remove(judged);
    const auto ran = support::RunProcess({.argv = {program_, "validate", file, "--output", judged},
                                          .variables = {{"HOME", directory_.path()},
                                                        {"TMPDIR", directory_.path()},
                                                        {"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1"}}},
                                         std::chrono::minutes(4));
    EXPECT_EQ(ran->ending.code, 0) << ran->output << ran->errors;
    std::ifstream in(judged, std::ios::binary);
    const auto log = json::Parse(std::string(std::istreambuf_iterator<char>(in), {}));
    EXPECT_TRUE(log) << ran->output << ran->errors;
    std::vector<std::string> complaints;
    const std::vector<json::Value> runs = log->AsOpenObject()->Find("runs")->AsList().value();
    const auto results = runs.at(0).AsOpenObject()->Find("results");
    if (!results) return complaints;
    const std::vector<json::Value> list = results->AsList().value();
    for (const json::Value& result : list) {
      const json::Object one = result.AsOpenObject().value();
      complaints.push_back(one.Text("ruleId").value());
      const std::vector<std::string> arguments =
          one.Find("message")->AsOpenObject()->Texts("arguments").value();
      for (const std::string& argument : arguments) complaints.back() += " " + argument;
    }
    return complaints;
  }

  const std::string program_ =
      support::InSource("build/peers/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool");
};

TEST_F(SarifValidator, FindsNothingWrongWithAReport) {
  Write("rules.toml", std::string(kRules) +
                          "[[rules]]\nid = 'file'\ndescription = 'A {0} of [brackets](x).'\npath = 'p12$'\n");
  Write("tree/k.p12", "x");
  Write("tree/plain.txt", "one\n\xc3\xa9 key=abcd1234\n");
  Write("tree/a b[c](d){0}#%.txt", "key=abcd1234 key=efgh5678\n");
  Write("tree/new\nline\xff:.txt", "a2V5PWJhc2U2NGVmZ2g=\n");
  for (const char* redact : {"--redact", "--no-gitignore"}) {
    const auto ran = support::RunProcess({.argv = Scan({directory_ / "tree", "--format", "sarif", redact})});
    ASSERT_EQ(ran->ending.code, 1) << ran->errors;
    // It would like to know where in the world more about the tool stands, and to have lines of a file that
    // its name gives away.
    EXPECT_THAT(Complaints(ran->output), Each(AnyOf(StartsWith("SARIF2005 "), StartsWith("SARIF2017 "))))
        << ran->output;
  }
}

TEST_F(SarifValidator, WouldFindWhatIsWrong) {
  EXPECT_THAT(
      Complaints(
          R"({"version":"2.1.0","runs":[{"tool":{"driver":{"name":"p"}},"results":[{"message":{"text":"x"},
      "locations":[{"physicalLocation":{"artifactLocation":{"uri":"a b"},"region":{"startLine":0}}}]}]}]})"),
      Not(IsEmpty()));
}

}  // namespace
}  // namespace postern::cli
