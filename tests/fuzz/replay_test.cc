#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace postern {
namespace {

struct Outcome {
  int status;
  std::string output;
};

class Replay : public testing::Test {
 protected:
  Replay() { std::filesystem::create_directories(directory_); }
  ~Replay() override { std::filesystem::remove_all(directory_); }

  void WriteSeed(const std::string& name, const std::string& bytes) const {
    std::ofstream(directory_ / name, std::ios::binary) << bytes;
  }

  Outcome Run() const {
    const std::string command = std::string(REPLAY_PROBE) + " " + directory_.string() + " 2>&1";
    std::FILE* pipe = ::popen(command.c_str(), "r");
    std::string output;
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) output.push_back(static_cast<char>(c));
    return {::pclose(pipe), output};
  }

 private:
  const std::filesystem::path directory_ = std::filesystem::path(testing::TempDir()) /
                                           ("replay-" + std::to_string(::getpid()) + "-" +
                                            testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(Replay, GivesEachSeedAsItIsAndManyUnlikeIt) {
  WriteSeed("seed", "GET / HTTP/1.1\r\n\r\n");
  const Outcome outcome = Run();
  EXPECT_EQ(outcome.status, 0);
  std::istringstream lines(outcome.output);
  std::set<std::string> inputs;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("input ")) inputs.insert(line);
  }
  EXPECT_NE(outcome.output.find("input 18 "), std::string::npos);
  EXPECT_GT(inputs.size(), 50U);
}

TEST_F(Replay, GivesTheSameInputsInEveryRun) {
  WriteSeed("a", "data: {}\n\n");
  WriteSeed("b", std::string("\0\xff", 2));
  EXPECT_EQ(Run().output, Run().output);
}

TEST_F(Replay, FailsWhereThereIsNoSeed) {
  const Outcome outcome = Run();
  EXPECT_EQ(WEXITSTATUS(outcome.status), 1);
  EXPECT_NE(outcome.output.find("holds no seed"), std::string::npos);
}

TEST_F(Replay, FailsWhereTheEntryPointCrashes) {
  WriteSeed("seed", "crash here");
  EXPECT_NE(Run().status, 0);
}

TEST_F(Replay, GivesAnEmptySeedToo) {
  WriteSeed("empty", "");
  EXPECT_EQ(Run().status, 0);
}

}  // namespace
}  // namespace postern
