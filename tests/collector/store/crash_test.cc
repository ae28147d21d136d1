// Kills a process that commits to a store, again and again, and looks at what is left.
#include <chrono>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/collector/store/rocks.h"
#include "tests/shared/kv/temporary_directory.h"
#include "tests/support/killed_process.h"
#include "tests/support/paths.h"

namespace postern::store {
namespace {

using support::Death;

// What the writer was promised: a thread's last event, and the leaf that it has.
struct Promise {
  uint64_t sequence = 0;
  uint64_t leaf = 0;
};
using Promises = std::map<size_t, Promise>;

// Runs store_writer, kills it after a while, be it still opening, and takes up what it said.
void LiveAndDie(const std::string& directory, std::chrono::microseconds life, Death death,
                Promises& promises) {
  std::vector<std::string> argv = {support::InBuild("bin/store_writer"), directory, "4"};
  if (death == Death::kPowerCut) argv.emplace_back("--hold-unsynced");
  const auto said = support::LiveAndDie({.argv = argv, .directory = directory, .death = death, .life = life});
  ASSERT_TRUE(said) << said.error().message;

  std::istringstream lines(*said);
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
  for (int round = 0; round < support::Crashes(); ++round) {
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
