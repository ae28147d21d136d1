// Kills a process that takes policies, again and again, and looks at what is left.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/membership/membership.h"
#include "tests/agent/membership/policies.h"
#include "tests/support/paths.h"
#include "tests/support/temporary_directory.h"

namespace postern::membership {
namespace {

// How often each test kills; `make crash` asks for more.
int Rounds() {
  const char* rounds = std::getenv("POSTERN_CRASHES");
  return rounds != nullptr ? std::atoi(rounds) : 20;
}

struct Promises {
  uint64_t offered = 0;
  uint64_t answered = 0;
};

enum class Death { kKill, kPowerCut };

// How long a writer lives: until it has said so many answers, and a while longer.
struct Life {
  int answers = 0;
  std::chrono::microseconds more{};
};

// Runs policy_writer, kills it at the end of its life, and adds what it said.
void LiveAndDie(const std::string& directory, Life life, Death death, Promises& promises) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const std::string first = std::to_string(promises.offered + 1);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    execl(support::InBuild("bin/policy_writer").c_str(), "policy_writer", directory.c_str(), first.c_str(),
          death == Death::kPowerCut ? "--hold-unsynced" : "", nullptr);
    _exit(127);
  }
  close(ends[1]);
  std::string said;
  char chunk[4096];
  ssize_t size = read(ends[0], chunk, 1);
  ASSERT_EQ(size, 1) << "the writer could not open its state";
  said.append(chunk, 1);
  const auto read_on = [&] {
    size = read(ends[0], chunk, sizeof(chunk));
    if (size > 0) said.append(chunk, static_cast<size_t>(size));
    return size > 0;
  };
  while (std::count(said.begin(), said.end(), 's') < life.answers && read_on()) {
  }
  std::this_thread::sleep_for(life.more);
  kill(child, SIGKILL);
  while (read_on()) {
  }
  close(ends[0]);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
  std::istringstream lines(said.substr(0, said.rfind('\n') + 1));
  char what = 0;
  uint64_t version = 0;
  while (lines >> what >> version) {
    if (what == 'o') promises.offered = version;
    if (what == 's') promises.answered = version;
  }
}

void ExpectWhatWasPromised(const std::string& directory, const Promises& promises) {
  Options options;
  options.directory = directory;
  options.incarnation = 42;
  const Enrolment enrolment = MakeEnrolment();
  const auto membership = *Membership::Open(enrolment, std::move(options));
  const auto policy = membership->policy();
  EXPECT_EQ(membership->standing().policies_refused, 0u) << membership->standing().policy_refusal;
  const uint64_t version = policy == nullptr ? 0 : policy->version;
  EXPECT_GE(version, promises.answered) << "one that was answered for is gone";
  EXPECT_LE(version, promises.offered);
  EXPECT_EQ(membership->enforced().policy.version, version);
}

void KillAgainAndAgain(Death death) {
  const support::TemporaryDirectory directory;
  std::mt19937 random(11);  // NOLINT: the same lives in each run
  Promises promises;
  for (int round = 0; round < Rounds(); ++round) {
    const Life life{static_cast<int>(random() % 4), std::chrono::microseconds(random() % 20'000)};
    LiveAndDie(directory.path(), life, death, promises);
    ASSERT_FALSE(testing::Test::HasFatalFailure());
    ExpectWhatWasPromised(directory.path(), promises);
    ASSERT_FALSE(testing::Test::HasFailure()) << "round " << round;
  }
  EXPECT_GT(promises.answered, 0u);
}

TEST(PolicyCrash, AKillLeavesAWholePolicyAndNoneThatWasAnsweredForIsLost) { KillAgainAndAgain(Death::kKill); }

TEST(PolicyCrash, NorDoesAPowerCut) { KillAgainAndAgain(Death::kPowerCut); }

}  // namespace
}  // namespace postern::membership
