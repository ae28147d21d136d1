// Kills a process that pays for exchanges, again and again, and looks whether money is left as it was
// promised.
#include <chrono>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "agent/spool/layout.h"
#include "agent/spool/wallet_rows.h"
#include "tests/agent/purse/writing.h"
#include "tests/agent/spool/events.h"
#include "tests/shared/kv/temporary_directory.h"
#include "tests/support/killed_process.h"
#include "tests/support/paths.h"

namespace postern::purse {
namespace {

using support::Birth;
using support::Death;

struct Promises {
  std::map<uint64_t, int64_t> extended;  // to the most
  std::map<uint64_t, int64_t> settled;
  int64_t returned = 0;
};

void LiveAndDie(const std::string& directory, std::chrono::microseconds life, Death death,
                Promises& promises) {
  std::vector<std::string> argv = {support::InBuild("bin/purse_writer"), directory};
  if (death == Death::kPowerCut) argv.emplace_back("--hold-unsynced");
  const auto said = support::LiveAndDie(
      {.argv = argv, .directory = directory, .death = death, .birth = Birth::kFirstLine, .life = life});
  ASSERT_TRUE(said) << said.error().message;
  std::istringstream lines(*said);
  char what = 0;
  uint64_t number = 0;
  int64_t amount = 0;
  while (lines >> what >> number >> amount) {
    if (what == 'x') promises.extended[number] = amount;
    if (what == 'o') promises.settled[number] = amount;
    if (what == 'b') promises.returned = std::max(promises.returned, amount);
  }
}

struct Kept {
  std::vector<wire::Event> events;
  spool::WalletRows rows;
};

// What is on the disk now, before anybody has recovered it.
void ReadKept(const std::string& directory, Kept& kept) {
  const spool::Page page = spool::ReadAll(directory);
  const spool::Verdict verdict = spool::Verify(page);
  ASSERT_TRUE(verdict.sound()) << *verdict.problem;
  kept.events = spool::Events(page);
  ASSERT_FALSE(kept.events.empty());
  kept.rows.incarnation = kept.events.back().incarnation();
  const auto store = kv::Store::OpenReadOnly(spool::StoreDirectory(directory), spool::StoreOptions());
  ASSERT_TRUE(store) << store.error().message;
  kv::Cursor cursor = (*store)->NewCursor(spool::kWallet);
  for (cursor.SeekToFirst(); cursor.valid(); cursor.Next())
    ASSERT_TRUE(spool::DecodeRow(cursor.key(), cursor.value(), kept.rows));
  ASSERT_TRUE(cursor.status());
}

uint64_t NumberOf(const std::string& exchange) {
  uint64_t number = 0;
  for (size_t i = 8; i < 16; ++i) number = number << 8 | static_cast<uint8_t>(exchange.at(i));
  return number;
}

// The sum of all charges; each carries the counter as it was after it, and each exchange is charged once.
void SumCharges(const Kept& kept, std::map<uint64_t, wire::Charge>& charges, int64_t& sum) {
  for (const wire::Event& event : kept.events) {
    for (const wire::Charge& charge : event.outcome().charges()) {
      sum += charge.amount();
      EXPECT_EQ(charge.used(), sum);
      EXPECT_LE(charge.admitted(), charge.reserved());
      EXPECT_TRUE(charges.emplace(NumberOf(event.outcome().exchange()), charge).second) << "charged twice";
    }
  }
}

void ExpectAgreement(const Kept& kept, const Promises& promises, Death death) {
  std::map<uint64_t, wire::Charge> charges;
  int64_t used = 0;
  ASSERT_NO_FATAL_FAILURE(SumCharges(kept, charges, used));
  ASSERT_LE(kept.rows.holdings.size(), 1u);
  const limits::Counters counters =
      kept.rows.holdings.empty() ? limits::Counters() : kept.rows.holdings[0].counters;
  EXPECT_EQ(counters.used.units(), used) << "rows and events";
  EXPECT_GE(counters.returned.units(), promises.returned) << "what was said is kept, whatever happens";
  for (const auto& [number, amount] : promises.settled) {
    const auto charge = charges.find(number);
    ASSERT_EQ(charge != charges.end(), amount != 0) << number;
    if (charge == charges.end()) continue;
    EXPECT_EQ(charge->second.amount(), amount);
  }
  if (death != Death::kKill) return;
  // Nothing that is in flight holds less than it was told that it may cost.
  std::map<uint64_t, int64_t> reserved;
  for (const wallet::ReservationRecord& record : kept.rows.reservations)
    reserved[NumberOf(std::string(record.exchange.raw()))] = record.parts.at(0).amount.units();
  std::map<uint64_t, int64_t> ended;
  for (const wire::Event& event : kept.events)
    if (event.has_outcome()) ++ended[NumberOf(event.outcome().exchange())];
  for (const auto& [number, amount] : promises.extended) {
    if (ended.contains(number)) continue;
    ASSERT_TRUE(reserved.contains(number)) << number;
    EXPECT_GE(reserved[number], amount);
  }
}

void ExpectMoneyIsKept(Death death) {
  TemporaryDirectory directory;
  Promises promises;
  std::mt19937 random(std::random_device{}());
  for (int round = 0; round < support::Crashes(); ++round) {
    ASSERT_NO_FATAL_FAILURE(
        LiveAndDie(directory.path(), std::chrono::microseconds(random() % 120'000), death, promises));
    Kept kept;
    ASSERT_NO_FATAL_FAILURE(ReadKept(directory.path(), kept));
    ASSERT_NO_FATAL_FAILURE(ExpectAgreement(kept, promises, death));
  }
  // There was enough to lose, however slow the machine is.
  const auto is_enough = [&] {
    return promises.settled.size() > 100 && promises.extended.size() > 10 && promises.returned > 0;
  };
  for (int life = 1; !is_enough(); life *= 2)
    ASSERT_NO_FATAL_FAILURE(LiveAndDie(directory.path(), std::chrono::seconds(life), death, promises));
  // The last life's exchanges are settled, and nothing is reserved any more.
  ASSERT_TRUE(spool::Journal::Open({.directory = directory.path(), .start = {}}));
  Kept kept;
  ASSERT_NO_FATAL_FAILURE(ReadKept(directory.path(), kept));
  ASSERT_NO_FATAL_FAILURE(ExpectAgreement(kept, promises, death));
  EXPECT_TRUE(kept.rows.reservations.empty());
}

TEST(PurseCrash, NothingThatWasPromisedIsLostWhenTheProcessIsKilled) { ExpectMoneyIsKept(Death::kKill); }

TEST(PurseCrash, RowsEventsAndChargesAgreeWhenThePowerIsCut) { ExpectMoneyIsKept(Death::kPowerCut); }

}  // namespace
}  // namespace postern::purse
