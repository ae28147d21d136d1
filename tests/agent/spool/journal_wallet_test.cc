// The wallet's rows in the record: with the events they belong to, whatever happens to either.
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "agent/spool/journal.h"
#include "agent/spool/spool.h"
#include "agent/wallet/wallet.h"
#include "shared/kv/faults.h"
#include "tests/agent/spool/events.h"
#include "tests/shared/kv/temporary_directory.h"

namespace postern::spool {
namespace {

using limits::Unit;
using std::chrono::hours;

constexpr WallTime kNow{hours(24 * 20000)};
constexpr limits::Window kToday{kNow - hours(1), kNow + hours(23)};

wallet::HoldingRecord Held(const std::string& account, int64_t granted, int64_t used = 0,
                           int64_t returned = 0) {
  return {account, kToday, {Amount(granted), Amount(used), Amount(returned)}};
}

wallet::ReservationRecord Reserved(uint64_t exchange, const std::string& account, int64_t amount) {
  return {Exchange(exchange), {{account, kToday, Unit::kUsd, Amount(amount), Amount(amount / 2)}}};
}

class JournalWallet : public testing::Test {
 protected:
  JournalWallet() { std::ofstream(directory_ / "machine-id") << "one"; }

  std::unique_ptr<Journal> MustOpen() {
    auto journal = Journal::Open({.directory = directory_ / "state",
                                  .machine_id_file = directory_ / "machine-id",
                                  .start = {},
                                  .faults = faults_});
    CHECK(journal.has_value());
    return *std::move(journal);
  }

  static void Keep(Journal& journal, WalletRows rows) {
    rows.incarnation = journal.incarnation();
    journal.Stage(std::move(rows));
    ASSERT_TRUE(journal.Write());
  }

  static void Append(Journal& journal, wire::Event event, WalletRows rows = {}) {
    if (rows.incarnation == 0) rows.incarnation = journal.incarnation();
    journal.Stage(event, std::move(rows));
    ASSERT_TRUE(journal.Write());
  }

  wire::Outcome LastOutcome() {
    wire::Outcome last;
    for (const wire::Event& event : Events(ReadAll(directory_ / "state")))
      if (event.has_outcome()) last = event.outcome();
    return last;
  }

  TemporaryDirectory directory_;
  std::shared_ptr<kv::Faults> faults_;
};

TEST_F(JournalWallet, HoldingsAreThereInTheNextLife) {
  uint64_t incarnation = 0;
  {
    const auto journal = MustOpen();
    incarnation = journal->incarnation();
    Keep(*journal, {0, {Held("team", 10), Held("each-day/ada", 5)}, {}});
    Keep(*journal, {0, {Held("team", 12, 3, 1)}, {}});
  }
  const auto journal = MustOpen();
  const WalletRows& rows = journal->wallet_rows();
  EXPECT_EQ(rows.incarnation, incarnation);
  ASSERT_EQ(rows.holdings.size(), 2u);
  for (const wallet::HoldingRecord& record : rows.holdings) {
    if (record.account != "team") continue;
    EXPECT_EQ(record.window, kToday);
    EXPECT_EQ(record.counters, (limits::Counters{Amount(12), Amount(3), Amount(1)}));
  }
}

TEST_F(JournalWallet, AnErasedHoldingIsGone) {
  {
    const auto journal = MustOpen();
    Keep(*journal, {0, {Held("team", 10)}, {}});
    wallet::HoldingRecord erased = Held("team", 0);
    erased.erased = true;
    Keep(*journal, {0, {erased}, {}});
  }
  EXPECT_TRUE(MustOpen()->wallet_rows().holdings.empty());
}

TEST_F(JournalWallet, AnInterruptedExchangeIsSettledAtWhatWasReservedOnce) {
  {
    const auto journal = MustOpen();
    Keep(*journal, {0, {Held("team", 10, 1)}, {Reserved(1, "team", 4)}});
    Append(*journal, Intent(1));
    Keep(*journal, {0, {}, {Reserved(1, "team", 6)}});  // extended
  }
  for (int life = 0; life < 2; ++life) {
    const auto journal = MustOpen();
    ASSERT_EQ(journal->wallet_rows().holdings.size(), 1u);
    EXPECT_TRUE(journal->wallet_rows().reservations.empty());
    EXPECT_EQ(journal->wallet_rows().holdings[0].counters.used, Amount(7)) << "life " << life;
  }
  const wire::Outcome outcome = LastOutcome();
  EXPECT_EQ(outcome.ending(), wire::ENDING_INTERRUPTED);
  EXPECT_EQ(outcome.cost_nano_dollars(), 6);
  ASSERT_EQ(outcome.charges_size(), 1);
  EXPECT_EQ(outcome.charges(0).account(), "team");
  EXPECT_EQ(outcome.charges(0).amount(), 6);
  EXPECT_EQ(outcome.charges(0).reserved(), 6);
  EXPECT_EQ(outcome.charges(0).admitted(), 3);
  EXPECT_EQ(outcome.charges(0).used(), 7);
}

TEST_F(JournalWallet, AReservationWithoutAnIntentIsFree) {
  {
    const auto journal = MustOpen();
    Keep(*journal, {0, {Held("team", 10)}, {Reserved(1, "team", 4)}});
  }
  const auto journal = MustOpen();
  ASSERT_EQ(journal->wallet_rows().holdings.size(), 1u);
  EXPECT_EQ(journal->wallet_rows().holdings[0].counters.used, Amount(0));
  EXPECT_EQ(LastOutcome().charges_size(), 0);
}

TEST_F(JournalWallet, AnotherIncarnationBeginsWithNothing) {
  {
    const auto journal = MustOpen();
    Keep(*journal, {0, {Held("team", 10)}, {Reserved(1, "team", 4)}});
    Append(*journal, Intent(1));
  }
  std::ofstream(directory_ / "machine-id") << "two";
  {
    const auto journal = MustOpen();
    EXPECT_TRUE(journal->wallet_rows().holdings.empty());
    EXPECT_EQ(journal->wallet_rows().incarnation, journal->incarnation());
  }
  const wire::Outcome outcome = LastOutcome();
  EXPECT_EQ(outcome.ending(), wire::ENDING_INTERRUPTED);
  EXPECT_EQ(outcome.charges_size(), 0) << "the former one's money counts there";
}

TEST_F(JournalWallet, RowsAndChargesOfAFormerIncarnationAreNotKept) {
  {
    const auto journal = MustOpen();
    const uint64_t former = journal->incarnation();
    Keep(*journal, {0, {Held("team", 10)}, {Reserved(1, "team", 4)}});
    Append(*journal, Intent(1));
    ASSERT_TRUE(journal->BeginIncarnation(former + 1));
    wire::Event outcome = Outcome(1);
    outcome.mutable_outcome()->add_charges()->set_account("team");
    Append(*journal, outcome, {former, {Held("team", 10, 4)}, {{Exchange(1), {}}}});
    EXPECT_TRUE(journal->TakeSyncedHoldings().holdings.empty());
  }
  EXPECT_EQ(LastOutcome().charges_size(), 0);
  EXPECT_EQ(LastOutcome().ending(), wire::ENDING_COMPLETE);
  EXPECT_TRUE(MustOpen()->wallet_rows().holdings.empty());
}

TEST_F(JournalWallet, OnlyWhatIsSyncedIsGivenOut) {
  const auto journal = MustOpen();
  static_cast<void>(journal->TakeSyncedHoldings());
  Keep(*journal, {0, {Held("team", 10)}, {}});
  EXPECT_TRUE(journal->TakeSyncedHoldings().holdings.empty());
  ASSERT_TRUE(journal->Sync());
  EXPECT_EQ(journal->TakeSyncedHoldings().holdings.size(), 1u);
}

TEST_F(JournalWallet, WhatAFailedSyncMayHaveLostIsWrittenAgain) {
  faults_ = std::make_shared<kv::Faults>(false);
  {
    const auto journal = MustOpen();
    Keep(*journal, {0, {Held("team", 10)}, {Reserved(1, "team", 4)}});
    faults_->FailSyncs(true);
    EXPECT_FALSE(journal->Sync());
    faults_->FailSyncs(false);
    ASSERT_TRUE(journal->Reopen());
    EXPECT_EQ(journal->TakeSyncedHoldings().holdings.size(), 1u);
  }
  EXPECT_EQ(MustOpen()->wallet_rows().holdings.size(), 1u);
}

TEST_F(JournalWallet, AnEarlierVersionsStoreGrowsTheFamily) {
  kv::Options former = StoreOptions();
  former.families.pop_back();
  ASSERT_TRUE(kv::Store::Open(StoreDirectory(directory_ / "state"), former));
  {
    Keep(*MustOpen(), {0, {Held("team", 10)}, {}});
  }
  EXPECT_EQ(MustOpen()->wallet_rows().holdings.size(), 1u);
}

TEST_F(JournalWallet, AnEarlierVersionsStoreCanBeReadByTools) {
  kv::Options former = StoreOptions();
  former.families.pop_back();
  ASSERT_TRUE(kv::Store::Open(StoreDirectory(directory_ / "state"), former));
  EXPECT_TRUE(OpenOffline(directory_ / "state"));
}

TEST(WalletRows, WhatWasNotWrittenHereIsCorrupt) {
  WalletRows rows{7, {}, {}};
  const wallet::HoldingRecord held = Held("team", 10, 2, 1);
  const std::string key = HoldingKey(7, held), value = HoldingValue(held);
  ASSERT_TRUE(DecodeRow(key, value, rows));
  for (size_t size = 0; size < value.size(); ++size)
    EXPECT_EQ(DecodeRow(key, value.substr(0, size), rows).error().code, ErrorCode::kCorrupt) << size;
  EXPECT_FALSE(DecodeRow(key, value + "x", rows));
  EXPECT_FALSE(DecodeRow("short", value, rows));
  const wallet::ReservationRecord reserved = Reserved(1, "team", 4);
  const std::string name = ReservationKey(7, reserved.exchange), parts = ReservationValue(reserved);
  ASSERT_TRUE(DecodeRow(name, parts, rows));
  for (size_t size = 0; size < parts.size(); ++size)
    EXPECT_FALSE(DecodeRow(name, parts.substr(0, size), rows)) << size;
  std::string unknown_unit = parts;
  unknown_unit[0] = 9;
  EXPECT_FALSE(DecodeRow(name, unknown_unit, rows));
  EXPECT_EQ(rows.holdings.size(), 1u);
  EXPECT_EQ(rows.reservations.size(), 1u);
  EXPECT_EQ(rows.reservations[0].parts[0].account, "team");
  EXPECT_EQ(rows.reservations[0].parts[0].admitted, Amount(2));
}

TEST(WalletRows, TheBookHasTheNewestOfEachName) {
  RowBook book;
  book.Take({7, {Held("team", 10)}, {Reserved(1, "team", 4)}});
  book.Take({7, {Held("team", 12)}, {{Exchange(1), {}}}});
  ASSERT_EQ(book.Holdings(7).size(), 1u);
  EXPECT_EQ(book.Holdings(7)[0].counters.granted, Amount(12));
  EXPECT_TRUE(book.Holdings(8).empty());
  WalletRows all = book.TakeAll();
  ASSERT_EQ(all.reservations.size(), 1u);
  EXPECT_TRUE(all.reservations[0].parts.empty()) << "an erased row is to be erased on the disk too";
  EXPECT_TRUE(book.empty());
  book.Take(std::move(all));
  book.Take({8, {Held("other", 1)}, {}});
  EXPECT_EQ(book.TakeAll().holdings.size(), 1u) << "of a former incarnation nothing is left";
}

// Rows in the queue of the spool.
class SpoolRows : public testing::Test {
 protected:
  SpoolRows() { options_.journal.directory = directory_ / "state"; }
  std::unique_ptr<Spool> MustOpen() {
    auto spool = Spool::Open(options_);
    CHECK(spool.has_value());
    return *std::move(spool);
  }

  TemporaryDirectory directory_;
  Options options_;
};

TEST_F(SpoolRows, AreWrittenWithTheirEventAndGivenOutOnceSynced) {
  {
    const auto spool = MustOpen();
    const uint64_t incarnation = spool->incarnation();
    EXPECT_TRUE(spool->TakesIntents(BootClock::now()));
    spool->AppendQuietly({incarnation, {Held("team", 10)}, {Reserved(1, "team", 4)}}, Haste::kWritten);
    ASSERT_TRUE(spool->Append(Intent(1)));
    ASSERT_TRUE(spool->AppendQuietly(Outcome(1), {incarnation, {Held("team", 10, 3)}, {{Exchange(1), {}}}}));
    const Ticket ticket = spool->AppendQuietly(WalletRows{incarnation, {}, {}}, Haste::kSynced);
    spool->Wake();
    while (spool->synced() < ticket) std::this_thread::yield();
    EXPECT_EQ(spool->SyncedHoldings(incarnation).size(), 1u) << "before the watermark";
    EXPECT_TRUE(spool->SyncedHoldings(incarnation + 1).empty());
    ASSERT_TRUE(spool->Close());
  }
  const auto spool = MustOpen();
  ASSERT_EQ(spool->wallet_rows().holdings.size(), 1u);
  EXPECT_EQ(spool->wallet_rows().holdings[0].counters.used, Amount(3));
}

TEST_F(SpoolRows, WhatFindsNoRoomInTheQueueIsKeptInItsOrder) {
  options_.max_queued = 1;  // and four of what is always taken
  {
    const auto spool = MustOpen();
    const uint64_t incarnation = spool->incarnation();
    for (int64_t granted = 1; granted <= 2'000; ++granted)
      spool->AppendQuietly({incarnation, {Held("team", granted)}, {}}, Haste::kNone);
    ASSERT_TRUE(spool->Close());
  }
  const auto spool = MustOpen();
  ASSERT_EQ(spool->wallet_rows().holdings.size(), 1u);
  EXPECT_EQ(spool->wallet_rows().holdings[0].counters.granted, Amount(2'000));
}

TEST_F(SpoolRows, TheRowsOfAnOutcomeThatAGapCountsAreKept) {
  {
    const auto spool = MustOpen();
    ASSERT_TRUE(
        spool->AppendQuietly(Outcome(1), {spool->incarnation(), {Held("team", 10, 3)}, {}}));  // no intent
    ASSERT_TRUE(spool->Close());
  }
  const auto spool = MustOpen();
  ASSERT_EQ(spool->wallet_rows().holdings.size(), 1u);
  EXPECT_EQ(spool->wallet_rows().holdings[0].counters.used, Amount(3));
}

TEST_F(SpoolRows, WhileTheDiskFailsAndExchangesGoOnTheNewestRowsWait) {
  options_.journal.faults = std::make_shared<kv::Faults>(false);
  options_.full = FullPolicy::kGap;
  {
    const auto spool = MustOpen();
    const uint64_t incarnation = spool->incarnation();
    options_.journal.faults->FailSyncs(true);
    ASSERT_TRUE(spool->Append(Intent(1)));
    while (spool->condition(BootClock::now()) != Condition::kFailing) std::this_thread::yield();
    for (int64_t used = 1; used <= 100; ++used)
      spool->AppendQuietly({incarnation, {Held("team", 100, used)}, {}}, Haste::kNone);
    spool->Wake();
    options_.journal.faults->FailSyncs(false);
    while (spool->condition(BootClock::now()) == Condition::kFailing) std::this_thread::yield();
    ASSERT_TRUE(spool->Close());
  }
  const auto spool = MustOpen();
  ASSERT_EQ(spool->wallet_rows().holdings.size(), 1u);
  EXPECT_EQ(spool->wallet_rows().holdings[0].counters.used, Amount(100));
}

// Returns when the thread, while the disk fails, has gone through all that was appended before.
void AwaitPassedOver(Spool& spool) {
  for (int turn = 0; turn < 2; ++turn) {  // the second one's begins when the first one's is over
    const uint64_t before = spool.stats().dropped;
    ASSERT_TRUE(spool.Append(Refusal()));
    while (spool.stats().dropped == before) std::this_thread::yield();
  }
}

TEST_F(SpoolRows, WhileTheDiskFailsNoRowCountsAsWrittenOrSynced) {
  options_.journal.faults = std::make_shared<kv::Faults>(false);
  options_.full = FullPolicy::kGap;
  const auto spool = MustOpen();
  const uint64_t incarnation = spool->incarnation();
  ASSERT_TRUE(spool->Append(Intent(1)));
  options_.journal.faults->FailSyncs(true);
  ASSERT_TRUE(spool->Append(Intent(2)));
  while (spool->condition(BootClock::now()) != Condition::kFailing) std::this_thread::yield();
  const Ticket row = spool->AppendQuietly({incarnation, {Held("team", 10, 3, 7)}, {}}, Haste::kSynced);
  const auto outcome = spool->AppendQuietly(Outcome(1), {incarnation, {Held("team", 10, 3, 7)}, {}});
  const Ticket behind = spool->AppendQuietly(WalletRows{incarnation, {}, {}}, Haste::kSynced);
  ASSERT_NO_FATAL_FAILURE(AwaitPassedOver(*spool));
  EXPECT_LT(spool->written(), row);
  EXPECT_LT(spool->synced(), row);
  EXPECT_EQ(spool->StandingOf(row, Spool::Wanted::kSynced, BootClock::now()), Standing::kUnrecorded);
  EXPECT_TRUE(spool->SyncedHoldings(incarnation).empty());
  options_.journal.faults->FailSyncs(false);
  while (spool->synced() < behind) std::this_thread::yield();
  ASSERT_EQ(spool->SyncedHoldings(incarnation).size(), 1u);
  EXPECT_EQ(spool->SyncedHoldings(incarnation)[0].counters.returned, Amount(7));
  EXPECT_EQ(spool->stats().open_exchanges, 1u) << "the outcome of a recorded intent was written with it";
  EXPECT_LT(*outcome, behind);
}

TEST_F(SpoolRows, RowsThatComeAfterTheEndNeverCountAsSynced) {
  const auto spool = MustOpen();
  ASSERT_TRUE(spool->Append(Intent(1)));
  ASSERT_TRUE(spool->Close());
  const Ticket late = spool->AppendQuietly({spool->incarnation(), {Held("team", 10)}, {}}, Haste::kSynced);
  EXPECT_EQ(spool->StandingOf(late, Spool::Wanted::kSynced, BootClock::now()), Standing::kWaiting);
}

}  // namespace
}  // namespace postern::spool
