// Kills a process that commits to a store, again and again, and looks at what is left.
#include <chrono>
#include <cstdlib>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/collector/store/rocks.h"
#include "tests/shared/kv/temporary_directory.h"
#include "tests/support/paths.h"

namespace postern::store {
namespace {

// How often each test kills; `make crash` asks for more.
int Rounds() {
  const char* rounds = std::getenv("POSTERN_CRASHES");
  return rounds != nullptr ? std::atoi(rounds) : 20;
}

// How a writer's life ends.
enum class Death {
  kKill,      // what the kernel has stays
  kPowerCut,  // what was not synced goes: the store's own file system holds it back
  kPreload,   // the same, by a library that would do it to any program
};

// What the writer was promised: a thread's last event, and the leaf that it has.
struct Promise {
  uint64_t sequence = 0;
  uint64_t leaf = 0;
};
using Promises = std::map<size_t, Promise>;

// Runs store_writer, kills it after a while, be it still opening, and takes up what it said.
void LiveAndDie(const std::string& directory, std::chrono::microseconds life, Death death,
                Promises& promises) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    if (death == Death::kPreload) {
      setenv("POWER_CUT_DIRECTORY", directory.c_str(), 1);
      setenv("LD_PRELOAD", support::InBuild("lib/power_cut.so").c_str(), 1);
    }
    const char* const mode = death == Death::kPowerCut ? "--hold-unsynced" : nullptr;
    execl(support::InBuild("bin/store_writer").c_str(), "store_writer", directory.c_str(), "4", mode, nullptr);
    _exit(127);
  }
  close(ends[1]);
  std::thread killer([&] {
    std::this_thread::sleep_for(life);
    kill(child, SIGKILL);
  });
  std::string said;
  char chunk[65536];
  for (ssize_t size = 0; (size = read(ends[0], chunk, sizeof(chunk))) > 0;)
    said.append(chunk, static_cast<size_t>(size));
  killer.join();
  close(ends[0]);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;

  std::istringstream lines(said.substr(0, said.rfind('\n') + 1));
  char what = 0;
  size_t thread = 0;
  Promise promise;
  while (lines >> what >> thread >> promise.sequence >> promise.leaf) promises[thread] = promise;
}

// Everything that was promised is where it was promised to be, once, and the store is sound. Only the newest
// promise of each thread needs to be looked at: a chain without a hole leads to it.
void ExpectKept(const std::string& directory, const Promises& promises) {
  const auto store = MustOpen(directory);
  ASSERT_TRUE(store);
  ASSERT_EQ(Problems(*store), std::vector<std::string>());
  uint64_t events = 0;
  for (const auto& [thread, promise] : promises) {
    const std::string agent = "writer" + std::to_string(thread);
    const auto leaf = store->Locate(agent, 1, promise.sequence);
    ASSERT_TRUE(leaf) << agent << " lost " << promise.sequence;
    EXPECT_EQ(static_cast<uint64_t>(*leaf), promise.leaf);
    const auto chain = *store->FindChain(agent, 1);
    ASSERT_TRUE(chain);
    EXPECT_GE(chain->sequence, promise.sequence);
    events += chain->sequence;
  }
  EXPECT_GE(store->stats().log_size, events);
  const auto sums = *store->Sum({.from = {}, .to = WallTime::max()});
  EXPECT_EQ(sums.empty() ? 0 : sums[0].spending.requests, store->stats().log_size);
}

void KillAgainAndAgain(Death death) {
  TemporaryDirectory directory;
  Promises promises;
  std::mt19937 random(std::random_device{}());
  for (int round = 0; round < Rounds(); ++round) {
    ASSERT_NO_FATAL_FAILURE(
        LiveAndDie(directory.path(), std::chrono::microseconds(random() % 500'000), death, promises));
    if (round % 4 != 3) continue;
    ASSERT_NO_FATAL_FAILURE(ExpectKept(directory.path(), promises));
  }
  // At least one life that was long enough to do something, however slow the machine is.
  for (int life = 1; promises.empty(); life *= 2)
    ASSERT_NO_FATAL_FAILURE(LiveAndDie(directory.path(), std::chrono::seconds(life), death, promises));
  ASSERT_NO_FATAL_FAILURE(ExpectKept(directory.path(), promises));
}

TEST(StoreCrash, NothingCommittedIsLostWhenTheProcessIsKilled) { KillAgainAndAgain(Death::kKill); }

TEST(StoreCrash, NothingCommittedIsLostWhenThePowerIsCut) { KillAgainAndAgain(Death::kPowerCut); }

TEST(StoreCrash, NothingCommittedIsLostWhenThePreloadedPowerIsCut) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's runtime must be loaded first";
#endif
  KillAgainAndAgain(Death::kPreload);
}

}  // namespace
}  // namespace postern::store
