// Kills a process that grants and settles, again and again, and looks at what is left: no grant that was said
// is lost, none is made, and what is spent is the sum of the events.
#include <chrono>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "collector/treasury/rows.h"
#include "tests/collector/store/rocks.h"
#include "tests/collector/treasury/spenders.h"
#include "tests/shared/kv/temporary_directory.h"
#include "tests/support/killed_process.h"
#include "tests/support/paths.h"

namespace postern::treasury {
namespace {

using support::Death;

// The most that each agent was told; by agent.
struct Told {
  std::map<std::string, int64_t> granted, used, returned;
};

void LiveAndDie(const std::string& directory, std::chrono::microseconds life, Death death, Told& told) {
  std::vector<std::string> argv = {support::InBuild("bin/treasury_writer"), directory};
  if (death == Death::kPowerCut) argv.emplace_back("--hold-unsynced");
  const auto said = support::LiveAndDie({.argv = argv, .directory = directory, .death = death, .life = life});
  ASSERT_TRUE(said) << said.error().message;
  std::istringstream lines(*said);
  char what = 0;
  std::string agent;
  int64_t amount = 0;
  while (lines >> what >> agent >> amount) {
    auto& most = what == 'g' ? told.granted : what == 's' ? told.used : told.returned;
    most[agent] = std::max(most[agent], amount);
  }
}

int64_t SumOfEvents(store::Store& store, const std::string& agent) {
  store::SumQuery query{.from = {}, .to = WallTime::max()};
  query.filter.user = agent;
  const auto sums = store.Sum(query);
  EXPECT_TRUE(sums) << sums.error().message;
  return sums->empty() ? 0 : sums->front().spending.nano_dollars;
}

void ExpectKept(const std::string& directory, const Told& told) {
  const auto store = store::MustOpen(directory);
  ASSERT_TRUE(store);
  ASSERT_EQ(store::Problems(*store), std::vector<std::string>());
  ASSERT_EQ(*CheckRows(*store), std::vector<std::string>());
  const auto rows = ReadRows(*store);
  ASSERT_TRUE(rows) << rows.error().message;
  std::map<std::string, limits::Counters> kept;
  int64_t held = 0;
  for (const ledger::HoldingRecord& holding : rows->holdings) {
    kept[holding.holder.agent] = holding.counters;
    held += holding.counters.held().units();
  }
  EXPECT_LE(held, kSpendersLimit);
  for (int i = 0; i < kSpenders; ++i)
    EXPECT_EQ(kept[SpenderName(i)].used.units(), SumOfEvents(*store, SpenderName(i)));
  for (const auto& [agent, granted] : told.granted) EXPECT_GE(kept[agent].granted.units(), granted) << agent;
  for (const auto& [agent, used] : told.used) EXPECT_GE(kept[agent].used.units(), used) << agent;
  for (const auto& [agent, returned] : told.returned)
    EXPECT_GE(kept[agent].returned.units(), returned) << agent;
}

void KillAgainAndAgain(Death death) {
  TemporaryDirectory directory;
  Told told;
  std::mt19937 random(std::random_device{}());
  for (int round = 0; round < support::Crashes(); ++round) {
    ASSERT_NO_FATAL_FAILURE(
        LiveAndDie(directory.path(), std::chrono::microseconds(random() % 500'000), death, told));
    if (round % 4 != 3) continue;
    ASSERT_NO_FATAL_FAILURE(ExpectKept(directory.path(), told));
  }
  // At least one life that was long enough to do something, however slow the machine is.
  for (int life = 1; told.used.empty(); life *= 2)
    ASSERT_NO_FATAL_FAILURE(LiveAndDie(directory.path(), std::chrono::seconds(life), death, told));
  ASSERT_NO_FATAL_FAILURE(ExpectKept(directory.path(), told));
}

TEST(TreasuryCrash, NothingSaidIsLostAndNothingMadeWhenTheProcessIsKilled) {
  KillAgainAndAgain(Death::kKill);
}

TEST(TreasuryCrash, NothingSaidIsLostAndNothingMadeWhenThePowerIsCut) { KillAgainAndAgain(Death::kPowerCut); }

}  // namespace
}  // namespace postern::treasury
