#include "collector/cli/scan.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "collector/cli/program.h"
#include "shared/json/value.h"
#include "tests/support/paths.h"
#include "tests/support/temporary_directory.h"

namespace postern::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kRules =
    "[[rules]]\nid = 'key'\ndescription = 'A key.'\nregex = 'key=([a-z0-9]{8,})'\n"
    "keywords = ['key']\ntags = ['t']\n";

struct Ran {
  int code = 0;
  std::string out, err;
};

class ScanTest : public testing::Test {
 protected:
  ScanTest() {
    // Compiled rules are kept below the test's own directory.
    setenv("XDG_CACHE_HOME", (root_ / "cache").c_str(), 1);
    Write("rules.toml", kRules);
  }

  void Write(const std::string& name, const std::string& text) {
    const auto path = root_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  std::string Path(const std::string& name) const { return (root_ / name).string(); }
  std::string Text(const std::string& name) const {
    std::ifstream in(root_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  Ran Scan(std::vector<std::string> words, const std::string& input = "") {
    words.insert(words.begin(), {"scan", "--config", Path("rules.toml")});
    return Run(words, input);
  }
  Ran Run(const std::vector<std::string>& words, const std::string& input = "") {
    std::istringstream in(input);
    std::ostringstream out, err;
    const int code = command_line::Run(PosternProgram(), words, in, out, err);
    return {code, out.str(), err.str()};
  }

  // The files of a JSON report.
  static std::vector<std::string> Files(const std::string& report) {
    std::vector<std::string> files;
    const auto value = json::Parse(report);
    EXPECT_TRUE(value) << report;
    const std::vector<json::Value> items = value->AsList().value();
    for (const json::Value& item : items)
      files.push_back(std::filesystem::path(item.AsOpenObject()->Text("File").value()).filename().string());
    return files;
  }

  support::TemporaryDirectory directory_;
  std::filesystem::path root_ = directory_.path();
};

TEST_F(ScanTest, WritesGitleaksReport) {
  Write("tree/a.txt", "one\n  key=abcd1234 two\n");
  const Ran ran = Scan({Path("tree"), "--format", "json"});
  EXPECT_EQ(ran.code, 1);
  const std::vector<json::Value> items = json::Parse(ran.out)->AsList().value();
  ASSERT_EQ(items.size(), 1u);
  const auto one = items[0].AsOpenObject().value();
  EXPECT_EQ(one.Text("RuleID").value(), "key");
  EXPECT_EQ(one.Text("Description").value(), "A key.");
  EXPECT_EQ(one.Integer("StartLine", 0, 9).value(), 2);
  EXPECT_EQ(one.Integer("EndLine", 0, 9).value(), 2);
  EXPECT_EQ(one.Integer("StartColumn", 0, 99).value(), 3);
  EXPECT_EQ(one.Integer("EndColumn", 0, 99).value(), 14);
  EXPECT_EQ(one.Text("Match").value(), "key=abcd1234");
  EXPECT_EQ(one.Text("Secret").value(), "abcd1234");
  EXPECT_EQ(one.Text("File").value(), Path("tree/a.txt"));
  EXPECT_EQ(one.Text("Fingerprint").value(), Path("tree/a.txt") + ":key:2");
  EXPECT_EQ(one.Find("Entropy")->AsDecimal().value(), 3.0);
  EXPECT_THAT(one.Texts("Tags").value(), ElementsAre("t"));
}

TEST_F(ScanTest, WritesSarif) {
  Write("a b.txt", "\xc3\xa9 key=abcd1234\n");
  const Ran ran = Scan({Path("a b.txt"), "--format", "sarif", "--redact"});
  EXPECT_EQ(ran.code, 1);
  const json::Object log = json::Parse(ran.out)->AsOpenObject().value();
  EXPECT_EQ(log.Text("version").value(), "2.1.0");
  EXPECT_THAT(ran.out, HasSubstr("\"ruleId\":\"key\""));
  EXPECT_THAT(ran.out, HasSubstr("\"uri\":\"file:///"));
  EXPECT_THAT(ran.out, HasSubstr("a%20b.txt"));
  EXPECT_THAT(ran.out, HasSubstr("\"snippet\":{\"text\":\"key=REDACTED\"}"));
  EXPECT_THAT(ran.out, HasSubstr("\"executionSuccessful\":true"));
  EXPECT_THAT(ran.out, HasSubstr("\"startLine\":1,\"startColumn\":3,\"endLine\":1,\"endColumn\":15"));
  EXPECT_THAT(ran.out, Not(HasSubstr("abcd1234")));
}

TEST_F(ScanTest, ExitsCleanWithFindingsOrWrong) {
  Write("clean.txt", "nothing\n");
  Write("dirty.txt", "key=abcd1234\n");
  EXPECT_EQ(Scan({Path("clean.txt")}).code, 0);
  EXPECT_EQ(Scan({Path("dirty.txt")}).code, 1);
  EXPECT_EQ(Scan({Path("missing.txt")}).code, 2);
  EXPECT_EQ(Scan({}).code, 2);
  EXPECT_EQ(Scan({Path("clean.txt"), "--format", "xml"}).code, 2);
  Write("rules.toml", "[[rules]]\nid = 'a'\nregex = '('\n");
  const Ran bad = Scan({Path("clean.txt")});
  EXPECT_EQ(bad.code, 2);
  EXPECT_THAT(bad.err, HasSubstr("rules.toml:1: a.regex: "));
  const Ran csv = Scan({Path("clean.txt"), "--format", "csv"});
  EXPECT_THAT(csv.err, HasSubstr("--format: found \"csv\", allowed is one of table, json, sarif"));
  EXPECT_EQ(Scan({Path("clean.txt"), "--format", "json"}).out, "");
}

TEST_F(ScanTest, ABaselineThatIsNoneIsNamed) {
  Write("clean.txt", "nothing\n");
  Write("baseline.json", "{");
  const Ran ran = Scan({Path("clean.txt"), "--baseline", Path("baseline.json")});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("--baseline: " + Path("baseline.json") + ": "));
  EXPECT_EQ(Scan({Path("clean.txt"), "--baseline", Path("none.json")}).code, 2);
}

TEST_F(ScanTest, AnEmptyReportIsAnEmptyList) {
  Write("clean.txt", "nothing\n");
  EXPECT_EQ(Scan({Path("clean.txt"), "--json"}).out, "[]\n");
}

TEST_F(ScanTest, ReadsStandardInput) {
  const Ran ran = Scan({"-", "--json"}, "key=abcd1234");
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(Files(ran.out), ElementsAre("stdin"));
}

TEST_F(ScanTest, PassesOverWhatGitIgnoresUnlessItIsNamedOrTold) {
  for (const char* file : {"tree/.git/config", "tree/a.txt", "tree/b.log", "tree/sub/c.log",
                           "tree/sub/keep.log", "tree/out/d.txt"})
    Write(file, "key=abcd1234\n");
  Write("tree/.gitignore", "*.log\n/out/\n");
  Write("tree/sub/.gitignore", "!keep.log\n");
  EXPECT_THAT(Files(Scan({Path("tree"), "--json"}).out), ElementsAre("a.txt", "keep.log"));
  EXPECT_THAT(Files(Scan({Path("tree/sub"), "--json"}).out), ElementsAre("keep.log"));
  EXPECT_THAT(Files(Scan({Path("tree/b.log"), "--json"}).out), ElementsAre("b.log"));
  EXPECT_THAT(Files(Scan({Path("tree"), "--json", "--no-gitignore"}).out),
              ElementsAre("a.txt", "b.log", "d.txt", "c.log", "keep.log"));
}

TEST_F(ScanTest, ReportsOnlyWhatTheBaselineDoesNotKnow) {
  Write("a.txt", "key=abcd1234\n");
  EXPECT_EQ(Scan({Path("a.txt"), "--json", "--report", Path("base.json")}).code, 1);
  EXPECT_EQ(Scan({Path("a.txt"), "--baseline", Path("base.json")}).code, 0);
  Write("a.txt", "moved down\nkey=abcd1234\nkey=new45678\n");
  const Ran ran = Scan({Path("a.txt"), "--json", "--baseline", Path("base.json")});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(Files(ran.out), ElementsAre("a.txt"));
  EXPECT_THAT(ran.out, HasSubstr("new45678"));
  Write("bad.json", "{");
  EXPECT_EQ(Scan({Path("a.txt"), "--baseline", Path("bad.json")}).code, 2);
}

TEST_F(ScanTest, ARedactedReportHoldsNoSecretAndServesAsABaseline) {
  Write("a.txt", "key=abcd1234\n");
  EXPECT_EQ(Scan({Path("a.txt"), "--json", "--redact", "--report", Path("base.json")}).code, 1);
  EXPECT_THAT(Text("base.json"), Not(HasSubstr("abcd1234")));
  EXPECT_THAT(Text("base.json"), HasSubstr("key=REDACTED"));
  EXPECT_EQ(Scan({Path("a.txt"), "--baseline", Path("base.json")}).code, 0);
}

TEST_F(ScanTest, ATableShowsTheBeginningOfALongSecretAtMost) {
  Write("a.txt", "key=abcd1234\nkey=abcdefgh12345678\n");
  const Ran ran = Scan({Path("a.txt")});
  EXPECT_THAT(ran.out, HasSubstr("a.txt:2:1"));
  EXPECT_THAT(ran.out, HasSubstr("abcd…"));
  EXPECT_THAT(ran.out, Not(HasSubstr("abcd1")));
  EXPECT_THAT(ran.out, Not(HasSubstr("abcde")));
}

TEST_F(ScanTest, PassesOverItsOwnFilesInTreesUnlessTheyAreNamed) {
  Write("tree/a.txt", "key=abcd1234\n");
  Write("tree/rules.toml", std::string(kRules) + "# key=abcd1234\n");
  Write("tree/b.json", "key=abcd1234\n");
  const std::vector<std::string> words = {"scan", Path("tree"), "--config", Path("tree/rules.toml"),
                                          "--json"};
  EXPECT_THAT(Files(Run(words).out), ElementsAre("a.txt", "b.json"));
  Write("tree/b.json", "[]");
  std::vector<std::string> reported = words;
  reported.insert(reported.end(), {"--report", Path("tree/report.json")});
  EXPECT_EQ(Run(reported).code, 1);
  EXPECT_EQ(Run(reported).code, 1);
  EXPECT_THAT(Files(Text("tree/report.json")), ElementsAre("a.txt"));
  std::vector<std::string> known = words;
  known.insert(known.end(), {"--baseline", Path("tree/report.json")});
  EXPECT_EQ(Run(known).code, 0);
}

TEST_F(ScanTest, LeavesOutWhatAGitleaksignoreNamesUnlessTold) {
  Write("tree/a.txt", "key=abcd1234\nkey=new45678\n");
  Write("tree/sub/b.txt", "key=abcd1234\n");
  Write("tree/.gitleaksignore",
        "# known\n\na.txt:key:1\r\n" + Path("tree/sub/b.txt") + ":key:1\nc0ffee:a.txt:key:2\n");
  const Ran ran = Scan({Path("tree"), "--json"});
  EXPECT_THAT(Files(ran.out), ElementsAre("a.txt"));
  EXPECT_THAT(ran.out, HasSubstr("new45678"));
  EXPECT_THAT(ran.err, HasSubstr("2 left out, which .gitleaksignore names."));
  EXPECT_EQ(Files(Scan({Path("tree"), "--json", "--no-gitleaksignore"}).out).size(), 3u);
  // Not that of a directory within.
  Write("tree/sub/.gitleaksignore", "b.txt:key:1\n");
  Write("tree/.gitleaksignore", "");
  EXPECT_EQ(Files(Scan({Path("tree"), "--json"}).out).size(), 3u);
}

TEST_F(ScanTest, ReadsUtf16AndTextWithZeroBytesButNoPrograms) {
  std::string little = "\xff\xfe", big = "\xfe\xff";
  for (const char16_t unit : std::u16string(u"one\n\u00e9\U0001f600 key=abcd1234\n")) {
    const char high = static_cast<char>(unit >> 8), low = static_cast<char>(unit & 0xff);
    (little += low) += high;
    (big += high) += low;
  }
  Write("little.txt", little);
  Write("big.txt", big);
  Write("odd.txt", little + "\x3d");
  Write("zeros.log", std::string("key=abcd1234\n\0\0\0", 16));
  Write("program", std::string("\x7f"
                               "ELF\2\1\1\0",
                               8) +
                       "key=abcd1234\n");
  for (const char* file : {"little.txt", "big.txt", "odd.txt"}) {
    const std::string report = Scan({Path(file), "--json"}).out;
    EXPECT_THAT(report, HasSubstr("\"StartLine\":2")) << file;
    EXPECT_THAT(report, HasSubstr("\"Secret\":\"abcd1234\"")) << file;
  }
  EXPECT_EQ(Scan({Path("zeros.log")}).code, 1);
  EXPECT_EQ(Scan({Path("program")}).code, 0);
}

TEST_F(ScanTest, ATreeMayHoldAnything) {
  Write("tree/ok.txt", "key=abcd1234\n");
  Write("tree/new\nline.txt", "key=abcd1234\n");
  Write("tree/\xff\xfe\x1b[31m\xc2\x9b.txt", "key=abcd1234\n");
  namespace fs = std::filesystem;
  fs::create_symlink(".", root_ / "tree/loop");
  fs::create_symlink("b", root_ / "tree/a");
  fs::create_symlink("a", root_ / "tree/b");
  fs::create_symlink("nowhere", root_ / "tree/dangling");
  ASSERT_EQ(mkfifo(Path("tree/pipe").c_str(), 0600), 0);
  ASSERT_EQ(mkfifo(Path("tree/.gitignore").c_str(), 0600), 0);
  ASSERT_EQ(mkfifo(Path("tree/.gitleaksignore").c_str(), 0600), 0);
  const int made = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  const fs::path former = fs::current_path();
  fs::current_path(root_);
  std::strcpy(address.sun_path, "tree/socket");
  ASSERT_EQ(bind(made, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  fs::current_path(former);
  close(made);
  const Ran ran = Scan({Path("tree"), "--json"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(Files(ran.out).size(), 3u);
  EXPECT_THAT(ran.err, HasSubstr("3 secrets in 3 files"));
  // Nothing in a name moves the cursor.
  const Ran table = Scan({Path("tree")});
  EXPECT_EQ(table.out.find('\x1b'), std::string::npos);
  EXPECT_EQ(table.out.find("\xc2\x9b"), std::string::npos);
  EXPECT_EQ(std::count(table.out.begin(), table.out.end(), '\n'), 4);
}

TEST_F(ScanTest, WhatCannotBeReadIsNamedAndNotTakenForClean) {
  Write("tree/ok.txt", "nothing\n");
  // A socket can't be opened, whoever asks.
  const int made = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  const std::filesystem::path former = std::filesystem::current_path();
  std::filesystem::current_path(root_);
  std::strcpy(address.sun_path, "a\x1bsocket");
  ASSERT_EQ(bind(made, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  std::filesystem::current_path(former);
  close(made);
  const Ran ran = Scan({Path("tree"), Path("a\x1bsocket"), "--format", "sarif"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("a?socket can't be read"));
  EXPECT_THAT(ran.out, HasSubstr("\"executionSuccessful\":false"));
  EXPECT_THAT(ran.out, HasSubstr("socket can't be read"));
}

TEST_F(ScanTest, AFileOfAnyLengthIsReadInPieces) {
  Write("tree/long.txt", "key=abcd1234\n");
  std::filesystem::resize_file(Path("tree/long.txt"), 150 << 20);  // of which the disk has little
  std::ofstream(Path("tree/long.txt"), std::ios::app | std::ios::binary) << "\nkey=efgh5678\n";
  const Ran ran = Scan({Path("tree"), "--json"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr("\"Secret\":\"abcd1234\""));
  EXPECT_THAT(ran.out, HasSubstr(":key:3\""));
  EXPECT_THAT(ran.err, HasSubstr("2 secrets in 1 file, " + std::to_string((150 << 20) + 14) + " bytes."));
}

TEST_F(ScanTest, AReportIsForItsOwnerAlone) {
  Write("a.txt", "key=abcd1234\n");
  Write("old.json", "what was there before, which is longer than the report that takes its place" +
                        std::string(900, 'x'));
  const auto mode = [&](const std::string& name) {
    struct stat status{};
    EXPECT_EQ(stat(Path(name).c_str(), &status), 0);
    return status.st_mode & 0777;
  };
  for (const char* name : {"new.json", "old.json"}) {
    EXPECT_EQ(Scan({Path("a.txt"), "--json", "--report", Path(name)}).code, 1);
    EXPECT_EQ(mode(name), 0600u) << name;
    EXPECT_EQ(Files(Text(name)).size(), 1u) << name;
  }
  // What isn't a file (/dev/null) keeps the rights that it has.
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0640), 0);
  ASSERT_EQ(chmod(Path("pipe").c_str(), 0640), 0);
  const int reading = open(Path("pipe").c_str(), O_RDWR | O_NONBLOCK);
  EXPECT_EQ(Scan({Path("a.txt"), "--json", "--report", Path("pipe")}).code, 1);
  EXPECT_EQ(mode("pipe"), 0640u);
  close(reading);
}

TEST_F(ScanTest, AReportThatCannotBeWrittenIsRefusedBeforeTheScan) {
  // Who scanned first would wait for this one.
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  for (const std::string& report : {Path("nowhere/report.json"), root_.string()}) {
    const Ran ran = Scan({Path("pipe"), "--report", report});
    EXPECT_EQ(ran.code, 2);
    EXPECT_THAT(ran.err, HasSubstr("--report: " + report + " can't be written"));
  }
  EXPECT_EQ(Scan({Path("missing.txt"), "--report", Path("report.json")}).code, 2);
  EXPECT_FALSE(std::filesystem::exists(Path("report.json")));
}

TEST_F(ScanTest, ReadsWhatHasNoLength) {
  Write("rules.toml", "[[rules]]\nid = 'mount'\nregex = '(?m)^\\w+ /proc proc'\n");
  // The kernel says that it is empty.
  EXPECT_EQ(Scan({"/proc/self/mounts"}).code, 1);
}

TEST_F(ScanTest, AFileThatItsNameGivesAwayHasNoLine) {
  Write("rules.toml", "[[rules]]\nid = 'file'\npath = 'p12$'\n");
  Write("k.p12", "x");
  EXPECT_THAT(Scan({Path("k.p12"), "--json"}).out, HasSubstr("k.p12:file:0"));
  EXPECT_THAT(Scan({Path("k.p12"), "--format", "sarif"}).out, Not(HasSubstr("region")));
  EXPECT_THAT(Scan({Path("k.p12")}).out, HasSubstr("k.p12 "));
}

TEST_F(ScanTest, ScansManyFilesInTheirOrder) {
  for (int i = 100; i < 400; ++i)
    Write("tree/" + std::to_string(i) + ".txt",
          i % 3 == 0 ? "key=abcd" + std::to_string(i) + "9\n" : "clean\n");
  const Ran ran = Scan({Path("tree"), "--json"});
  const auto files = Files(ran.out);
  EXPECT_EQ(files.size(), 100u);
  EXPECT_TRUE(std::is_sorted(files.begin(), files.end()));
}

TEST_F(ScanTest, ExtendsFilesBesideItsOwnAndTheBuiltInRules) {
  Write("rules.toml", "[extend]\npath = 'base.toml'\n");
  Write("base.toml", kRules);
  Write("a.txt", "key=abcd1234\n");
  EXPECT_EQ(Scan({Path("a.txt")}).code, 1);
  Write("rules.toml", "[extend]\nuseDefault = true\n");
  EXPECT_THAT(Scan({"--self-test"}).out, HasSubstr("all hold"));
}

TEST_F(ScanTest, ProvesTheBuiltInRules) {
  const Ran ran = Run({"scan", "--self-test"});
  EXPECT_EQ(ran.code, 0) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr("all hold"));
  // The second time they are there already.
  EXPECT_EQ(Run({"scan", "--self-test", "--json"}).code, 0);
  Write("rules.toml", std::string(kRules) + "trueSamples = ['key=short']\n");
  EXPECT_EQ(Scan({"--self-test"}).code, 1);
}

}  // namespace
}  // namespace postern::cli
