#include "agent/spool/spool.h"

#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "shared/kv/faults.h"
#include "tests/agent/spool/events.h"
#include "tests/shared/kv/temporary_directory.h"

namespace postern::spool {
namespace {

using Wanted = Spool::Wanted;

class SpoolTest : public testing::Test {
 protected:
  SpoolTest() {
    options_.journal.directory = directory_ / "state";
    options_.on_progress = [this] {
      const std::lock_guard lock(mutex_);
      ++progress_;
      progressed_.notify_all();
    };
  }

  std::unique_ptr<Spool> MustOpen() {
    auto spool = Spool::Open(options_);
    CHECK(spool.has_value());
    return *std::move(spool);
  }

  // Waits until it holds, woken by on_progress; the clock is only there so that what never comes fails.
  template <class Predicate>
  bool Eventually(Predicate holds) {
    std::unique_lock lock(mutex_);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!holds()) {
      if (std::chrono::steady_clock::now() > end) return false;
      progressed_.wait_for(lock, std::chrono::milliseconds(5));
    }
    return true;
  }

  bool IsSynced(Spool& spool, Ticket ticket) {
    return Eventually([&] { return spool.synced() >= ticket; });
  }

  // Appending is quicker than any disk: now and then it waits for the thread, so that what becomes full is
  // the record and not the thread's queue.
  bool KeepPace(const Spool& spool, size_t appended) {
    return appended % 100 != 0 || Eventually([&] { return spool.stats().queued == 0; });
  }

  Page All() { return ReadAll(directory_ / "state"); }

  TemporaryDirectory directory_;
  Options options_;
  std::mutex mutex_;
  std::condition_variable progressed_;
  uint64_t progress_ = 0;
};

// All gap records together, with the reason of the first: what stood in the way. On a slow machine the
// outcomes of what was dropped may come in a record of their own, whose reason is that they have no intent.
wire::Gap Gaps(const Page& page) {
  wire::Gap sum;
  for (const wire::Event& event : Events(page)) {
    sum.set_intents(sum.intents() + event.gap().intents());
    sum.set_outcomes(sum.outcomes() + event.gap().outcomes());
    sum.set_refusals(sum.refusals() + event.gap().refusals());
    if (event.has_gap() && sum.reason().empty()) sum.set_reason(event.gap().reason());
  }
  return sum;
}

size_t CountIntents(const Page& page) {
  size_t count = 0;
  for (const wire::Event& event : Events(page)) count += event.has_intent();
  return count;
}

TEST_F(SpoolTest, AnIntentIsWrittenThenSynced) {
  const auto spool = MustOpen();
  const auto ticket = spool->Append(Intent(1));
  ASSERT_TRUE(ticket);
  EXPECT_TRUE(IsSynced(*spool, *ticket));
  EXPECT_GE(spool->written(), *ticket);
  EXPECT_EQ(spool->StandingOf(*ticket, Wanted::kSynced, BootClock::now()), Standing::kDone);
  EXPECT_GE(progress_, 1u);
}

TEST_F(SpoolTest, AnEventIsGivenBackOnce) {
  const auto spool = MustOpen();
  ASSERT_TRUE(spool->Append(Intent(1)));
  std::vector<wire::Event> spent;
  ASSERT_TRUE(Eventually([&] {
    spool->TakeSpent(spent);
    return !spent.empty();
  }));
  EXPECT_EQ(spent.size(), 1u);
  EXPECT_TRUE(spent.front().has_intent());
  EXPECT_TRUE(IsSynced(*spool, Ticket{1}));
  spent.clear();
  spool->TakeSpent(spent);
  EXPECT_TRUE(spent.empty());
}

TEST_F(SpoolTest, TicketsFollowEachOtherAndTheChainKeepsTheirOrder) {
  {
    const auto spool = MustOpen();
    for (uint64_t i = 0; i < 500; ++i) EXPECT_EQ(*spool->Append(Intent(i)), Ticket{i + 1});
    EXPECT_TRUE(spool->Close());
    EXPECT_EQ(spool->synced(), Ticket{500});
  }
  const auto events = Events(All());
  ASSERT_EQ(events.size(), 501u);
  for (uint64_t i = 0; i < 500; ++i) EXPECT_EQ(events[i + 1].intent().exchange(), Exchange(i).raw());
}

TEST_F(SpoolTest, ManyThreadsMayAppend) {
  {
    const auto spool = MustOpen();
    std::vector<std::thread> threads;
    for (uint64_t t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (uint64_t i = 0; i < 500; ++i) {
          ASSERT_TRUE(spool->Append(Intent(t * 1000 + i)));
          ASSERT_TRUE(spool->Append(Outcome(t * 1000 + i)));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_TRUE(spool->Close());
    const Stats stats = spool->stats();
    EXPECT_EQ(stats.events, 4000u);
    uint64_t batches = 0;
    for (const uint64_t count : stats.batch_sizes) batches += count;
    EXPECT_EQ(batches, stats.batches);
    EXPECT_EQ(stats.open_exchanges, 0u);
  }
  const Verdict verdict = Verify(All());
  EXPECT_TRUE(verdict.sound()) << *verdict.problem;
  EXPECT_EQ(verdict.closed_exchanges, 2000u);
  EXPECT_EQ(verdict.unsealed, 0u);
}

TEST_F(SpoolTest, WhatNobodyWaitsForIsSyncedInTime) {
  options_.sync = SyncMode::kLazily;
  options_.lazy_sync = std::chrono::milliseconds(1);
  const auto spool = MustOpen();
  EXPECT_TRUE(IsSynced(*spool, *spool->Append(Intent(1))));
  EXPECT_TRUE(IsSynced(*spool, *spool->Append(Outcome(1))));
}

std::vector<std::string> KeysFirstUsed(const Page& page) {
  std::vector<std::string> keys;
  for (const wire::Event& event : Events(page)) {
    if (event.has_key_first_used()) keys.push_back(event.key_first_used().key_id());
  }
  return keys;
}

TEST_F(SpoolTest, AKeyIsFirstUsedOnceForEver) {
  for (int life = 0; life < 3; ++life) {
    const auto spool = MustOpen();
    ASSERT_TRUE(spool->Append(KeyFirstUsed("aaaaaaaaaaaa")));
    ASSERT_TRUE(spool->Append(KeyFirstUsed("aaaaaaaaaaaa")));
    const auto last = spool->Append(KeyFirstUsed("bbbbbbbbbbbb"));
    ASSERT_TRUE(last);
    EXPECT_TRUE(IsSynced(*spool, *last));
  }
  EXPECT_EQ(KeysFirstUsed(All()), (std::vector<std::string>{"aaaaaaaaaaaa", "bbbbbbbbbbbb"}));
}

TEST_F(SpoolTest, NothingCanBeAppendedAfterClose) {
  const auto spool = MustOpen();
  EXPECT_TRUE(spool->Close());
  EXPECT_TRUE(spool->Close());
  EXPECT_EQ(spool->Append(Intent(1)).error().code, ErrorCode::kUnavailable);
  bool called = false;
  spool->Read({}, [&](Result<std::string> body) { called = !body; });
  EXPECT_TRUE(called);
}

TEST_F(SpoolTest, ReadsPagesInItsThread) {
  const auto spool = MustOpen();
  ASSERT_TRUE(IsSynced(*spool, *spool->Append(Intent(1))));
  std::promise<Result<std::string>> answered;
  spool->Read({}, [&](Result<std::string> body) { answered.set_value(std::move(body)); });
  const auto body = answered.get_future().get();
  ASSERT_TRUE(body);
  const auto page = DecodePage(*body);
  ASSERT_TRUE(page);
  EXPECT_EQ(Events(*page).size(), 2u);
  EXPECT_TRUE(Verify(*page).sound());
}

TEST_F(SpoolTest, WhenFullIntentsAreRefusedAndOutcomesTaken) {
  options_.max_bytes = 64 * 1024;
  uint64_t appended = 0;
  {
    const auto spool = MustOpen();
    Result<Ticket> ticket = Ticket{0};
    for (; ticket; ++appended) {
      ASSERT_TRUE(KeepPace(*spool, appended));
      ticket = spool->Append(Intent(appended));
      ASSERT_LT(appended, 100'000u);
    }
    --appended;
    EXPECT_EQ(ticket.error().code, ErrorCode::kExhausted);
    EXPECT_EQ(spool->condition(BootClock::now()), Condition::kFull);
    EXPECT_EQ(spool->Append(Refusal()).error().code, ErrorCode::kExhausted);
    for (uint64_t i = 0; i < appended; ++i) ASSERT_TRUE(spool->Append(Outcome(i)));
    EXPECT_TRUE(spool->Close());
    EXPECT_EQ(spool->stats().turned_away, 2u);
  }
  const Page page = All();
  EXPECT_EQ(CountIntents(page), appended);
  const Verdict verdict = Verify(page);
  EXPECT_TRUE(verdict.sound()) << *verdict.problem;
  EXPECT_EQ(verdict.open_exchanges, 0u);
  EXPECT_EQ(Gaps(page).refusals(), 1u);  // the refusal happened and is counted
  EXPECT_EQ(Gaps(page).intents(), 0u);   // the intent did not happen
}

TEST_F(SpoolTest, WhenFullIntentsGoOnAndAreCounted) {
  options_.max_bytes = 64 * 1024;
  options_.full = FullPolicy::kGap;
  constexpr uint64_t kMany = 2000;
  {
    const auto spool = MustOpen();
    Ticket last{};
    for (uint64_t i = 0; i < kMany; ++i) {
      const auto ticket = spool->Append(Intent(i));
      ASSERT_TRUE(ticket);
      last = *ticket;
      ASSERT_TRUE(spool->Append(Outcome(i)));
    }
    EXPECT_TRUE(IsSynced(*spool, last));  // those that were dropped hold nobody up
    EXPECT_TRUE(spool->Close());
  }
  const Page page = All();
  const Verdict verdict = Verify(page);
  EXPECT_TRUE(verdict.sound()) << *verdict.problem;
  EXPECT_GT(verdict.gaps, 0u);
  EXPECT_EQ(Gaps(page).reason(), "full");
  EXPECT_EQ(CountIntents(page) + Gaps(page).intents(), kMany);
  EXPECT_EQ(verdict.closed_exchanges + Gaps(page).outcomes(), kMany);
}

TEST_F(SpoolTest, WhenFullIntentsWaitUntilThereIsRoom) {
  options_.max_bytes = 64 * 1024;
  options_.full = FullPolicy::kBlock;
  std::vector<Ticket> tickets;
  const auto spool = MustOpen();
  while (spool->condition(BootClock::now()) != Condition::kFull) {
    ASSERT_TRUE(KeepPace(*spool, tickets.size()));
    const auto ticket = spool->Append(Intent(tickets.size()));
    ASSERT_TRUE(ticket);
    tickets.push_back(*ticket);
    ASSERT_LT(tickets.size(), 100'000u);
  }
  const auto waiting = spool->Append(Intent(tickets.size()));
  ASSERT_TRUE(waiting);
  const auto outcome = spool->Append(Outcome(0));  // goes past those that wait
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(
      Eventually([&] { return spool->stats().open_exchanges < spool->stats().events / 2 + tickets.size(); }));
  EXPECT_EQ(spool->StandingOf(*waiting, Wanted::kWritten, BootClock::now()), Standing::kWaiting);
  EXPECT_LT(spool->written(), *waiting);
  EXPECT_TRUE(spool->Close());
  const Page page = All();
  EXPECT_TRUE(Verify(page).sound());
  EXPECT_GE(Gaps(page).intents(), 1u);  // at the end it can't wait any longer
}

TEST_F(SpoolTest, AFullSpoolTrimsWhatIsOldEnough) {
  options_.max_bytes = 256 * 1024;
  options_.keep = std::chrono::hours(1);
  const auto hours = std::make_shared<std::atomic<int>>(0);
  options_.journal.wall_now = [hours] { return WallTime(std::chrono::hours(480'000 + *hours)); };
  auto spool = MustOpen();
  uint64_t number = 0;
  while (spool->condition(BootClock::now()) != Condition::kFull) {
    ASSERT_LT(number, 100'000u);
    ASSERT_TRUE(KeepPace(*spool, number));
    if (!spool->Append(Intent(number))) break;  // it has just become full
    ASSERT_TRUE(spool->Append(Outcome(number++)));
  }
  EXPECT_TRUE(spool->Close());
  spool.reset();
  *hours = 10;
  spool = MustOpen();
  EXPECT_TRUE(Eventually([&] {
    return spool->condition(BootClock::now()) == Condition::kGood && spool->Append(Intent(number));
  }));
  spool.reset();
  const Verdict verdict = Verify(All());
  EXPECT_TRUE(verdict.sound()) << *verdict.problem;
  EXPECT_TRUE(verdict.trimmed);
}

class BrokenDisk : public SpoolTest {
 protected:
  BrokenDisk() { options_.journal.faults = faults_; }

  const std::shared_ptr<kv::Faults> faults_ = std::make_shared<kv::Faults>(false);
};

TEST_F(BrokenDisk, RefusesWhileItFailsAndRecoversWithNothingLost) {
  {
    const auto spool = MustOpen();
    ASSERT_TRUE(IsSynced(*spool, *spool->Append(Intent(1))));
    faults_->FailSyncs(true);
    const auto ticket = spool->Append(Intent(2));
    ASSERT_TRUE(ticket);
    EXPECT_TRUE(Eventually([&] { return spool->condition(BootClock::now()) == Condition::kFailing; }));
    EXPECT_EQ(spool->StandingOf(*ticket, Wanted::kSynced, BootClock::now()), Standing::kRefused);
    EXPECT_EQ(spool->Append(Intent(3)).error().code, ErrorCode::kUnavailable);
    const auto outcome = spool->Append(Outcome(2));
    ASSERT_TRUE(outcome);
    faults_->FailSyncs(false);
    EXPECT_TRUE(IsSynced(*spool, *outcome));
    EXPECT_TRUE(IsSynced(*spool, *spool->Append(Intent(4))));
    EXPECT_GE(spool->stats().failures, 1u);
    EXPECT_TRUE(spool->Close());
  }
  const Page page = All();
  EXPECT_EQ(CountIntents(page), 3u);
  const Verdict verdict = Verify(page);
  EXPECT_TRUE(verdict.sound()) << *verdict.problem;
  EXPECT_EQ(verdict.closed_exchanges, 1u);
}

TEST_F(BrokenDisk, AFullDiskIsAFailureThatPasses) {
  const auto spool = MustOpen();
  faults_->SetSpace(0);
  const auto ticket = spool->Append(Intent(1));
  ASSERT_TRUE(ticket);
  EXPECT_TRUE(Eventually(
      [&] { return spool->StandingOf(*ticket, Wanted::kWritten, BootClock::now()) == Standing::kRefused; }));
  faults_->SetSpace(-1);
  EXPECT_TRUE(IsSynced(*spool, *ticket));
}

TEST_F(BrokenDisk, WithGapExchangesGoOnAndAreCounted) {
  options_.full = FullPolicy::kGap;
  {
    const auto spool = MustOpen();
    ASSERT_TRUE(IsSynced(*spool, *spool->Append(Intent(1))));
    faults_->FailSyncs(true);
    ASSERT_TRUE(spool->Append(Intent(2)));
    ASSERT_TRUE(Eventually([&] { return spool->condition(BootClock::now()) == Condition::kFailing; }));
    const auto third = spool->Append(Intent(3));
    ASSERT_TRUE(third);
    EXPECT_TRUE(Eventually(
        [&] { return spool->StandingOf(*third, Wanted::kSynced, BootClock::now()) == Standing::kDone; }));
    ASSERT_TRUE(spool->Append(Outcome(1)));  // of a recorded intent: must not be lost
    ASSERT_TRUE(spool->Append(Outcome(3)));
    faults_->FailSyncs(false);
    EXPECT_TRUE(Eventually([&] { return spool->condition(BootClock::now()) == Condition::kGood; }));
    EXPECT_TRUE(spool->Close());
  }
  const Page page = All();
  const Verdict verdict = Verify(page);
  EXPECT_TRUE(verdict.sound()) << *verdict.problem;
  EXPECT_EQ(verdict.closed_exchanges, 1u);
  EXPECT_EQ(Gaps(page).intents(), 1u);
  EXPECT_EQ(Gaps(page).outcomes(), 1u);
}

TEST_F(BrokenDisk, ASlowSyncStallsAndPolicyDecides) {
  options_.stall_after = std::chrono::milliseconds(1);
  for (const auto& [policy, standing] :
       {std::pair(FullPolicy::kRefuse, Standing::kRefused), std::pair(FullPolicy::kBlock, Standing::kWaiting),
        std::pair(FullPolicy::kGap, Standing::kUnrecorded)}) {
    options_.full = policy;
    options_.journal.directory =
        directory_ / Name(Condition::kStalled) + std::to_string(static_cast<int>(policy));
    const auto spool = MustOpen();
    faults_->DelaySyncs(std::chrono::hours(1));
    const auto ticket = spool->Append(Intent(1));
    ASSERT_TRUE(ticket);
    EXPECT_TRUE(Eventually([&] { return spool->condition(BootClock::now()) == Condition::kStalled; }));
    EXPECT_EQ(spool->StandingOf(*ticket, Wanted::kSynced, BootClock::now()), standing);
    faults_->DelaySyncs(std::chrono::milliseconds(0));
    EXPECT_TRUE(IsSynced(*spool, *ticket));
  }
}

TEST_F(BrokenDisk, ClosingOnABrokenDiskSaysSo) {
  const auto spool = MustOpen();
  faults_->FailSyncs(true);
  ASSERT_TRUE(spool->Append(Intent(1)));
  EXPECT_FALSE(spool->Close());
}

}  // namespace
}  // namespace postern::spool
