#include "agent/purse/purse.h"

#include <limits>

#include "shared/kv/faults.h"
#include "tests/agent/purse/surroundings.h"

namespace postern::purse {
namespace {

using limits::Unit;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

class PurseTest : public Surroundings {
 public:
  PurseTest() { Limit({LimitOf("team-month", Unit::kUsd, 10 * kDollar)}); }

  // An answer of the collector's to a heartbeat that was just sent.
  void Beat(WallTime collector) {
    const BootTime now = BootClock::now();
    purse_->OnHeard({now, now, collector, true});
  }
};

TEST_F(PurseTest, AdmitsAfterTheCollectorHasGranted) {
  Open();
  Run([](PurseTest& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    EXPECT_EQ(co_await test.Reserve(strand, 1, kDollar), Verdict::kAdmitted);
    EXPECT_EQ(test.BalanceOf("team-month").reserved, Amount(kDollar));
    test.Settle(1, kDollar / 4);
    const Balance balance = test.BalanceOf("team-month");
    EXPECT_EQ(balance.reserved, Amount());
    EXPECT_EQ(balance.counters.used, Amount(kDollar / 4));
    EXPECT_EQ(balance.spare, balance.counters.granted - balance.counters.used);
  }(*this));
  Close();
  const auto outcomes = Outcomes();
  ASSERT_EQ(outcomes.size(), 1u);
  ASSERT_EQ(outcomes[0].charges_size(), 1);
  const wire::Charge& charge = outcomes[0].charges(0);
  EXPECT_EQ(charge.account(), "team-month");
  EXPECT_EQ(charge.amount(), kDollar / 4);
  EXPECT_EQ(charge.reserved(), kDollar);
  EXPECT_EQ(charge.admitted(), kDollar);
  EXPECT_EQ(charge.used(), kDollar / 4);
  EXPECT_LT(charge.window().begin(), charge.window().end());
}

TEST_F(PurseTest, WithoutALimitNothingIsReservedAndNothingCharged) {
  Open();
  Run([](PurseTest& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    const Estimate estimate{Dollars(kDollar), Dollars(kDollar)};
    const Decision decision = co_await test.purse_->Reserve(strand, spool::Exchange(1), {}, estimate);
    EXPECT_EQ(decision.verdict, Verdict::kAdmitted);
    EXPECT_EQ(test.purse_->in_flight(), 0u);
    EXPECT_EQ(test.purse_->Extend(spool::Exchange(1), Dollars(1), [](const Decision&) {}).error().code,
              ErrorCode::kNotFound);
    EXPECT_TRUE(test.spool_->Append(spool::Intent(1)));
    test.Settle(1, kDollar);
  }(*this));
  Close();
  ASSERT_EQ(Outcomes().size(), 1u);
  EXPECT_EQ(Outcomes()[0].charges_size(), 0);
}

TEST_F(PurseTest, SaysWhichAccountLacksSomethingAndUntilWhen) {
  Open();
  Run([](PurseTest& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    EXPECT_EQ(co_await test.Reserve(strand, 1, 10 * kDollar), Verdict::kAdmitted);
    http::Strand other(*test.loop_);
    std::optional<Decision> made;
    test.loop_->Spawn(test.ReserveInto(other, 2, kDollar, made));
    co_await test.Until(strand, [&] { return made.has_value(); });
    EXPECT_EQ(made->verdict, Verdict::kExhausted);
    EXPECT_EQ(made->account, "team-month");
    EXPECT_TRUE(made->resets.has_value() && *made->resets > WallNow());
    EXPECT_EQ(test.purse_->in_flight(), 1u);
    test.purse_->Abandon(spool::Exchange(1));
  }(*this));
}

TEST_F(PurseTest, SpendsWhatItHoldsWhileTheCollectorIsAwayAndThenRefuses) {
  Open();
  Run([](PurseTest& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    EXPECT_EQ(co_await test.Reserve(strand, 1, kDollar), Verdict::kAdmitted);
    test.Settle(1, kDollar / 2);
    test.keeper_->is_reachable = false;
    EXPECT_EQ(co_await test.Reserve(strand, 2, kDollar / 2), Verdict::kAdmitted);
    test.Settle(2, kDollar / 2);
    EXPECT_EQ(co_await test.Reserve(strand, 3, 9 * kDollar), Verdict::kUnavailable);
    EXPECT_EQ(test.purse_->in_flight(), 0u);
  }(*this));
}

TEST_F(PurseTest, StrictLimitsReserveTheWorstCase) {
  limits::Limit strict = LimitOf("team-day", Unit::kUsd, 10 * kDollar);
  strict.admission = limits::Admission::kStrict;
  Limit({LimitOf("team-month", Unit::kUsd, 10 * kDollar), strict});
  Open();
  Run([](PurseTest& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    EXPECT_EQ(co_await test.Reserve(strand, 1, kDollar), Verdict::kAdmitted);
    EXPECT_EQ(test.BalanceOf("team-month").reserved, Amount(kDollar));
    EXPECT_EQ(test.BalanceOf("team-day").reserved, Amount(2 * kDollar));
    test.Settle(1, kDollar);
    EXPECT_EQ(test.BalanceOf("team-day").counters.used, Amount(kDollar));
  }(*this));
}

TEST_F(PurseTest, AClientThatGoesBeforeTheDecisionLeavesNothingReserved) {
  Open();
  Run([](PurseTest& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    test.keeper_->is_reachable = false;
    http::Strand client(*test.loop_);
    std::optional<Decision> made;
    test.loop_->Spawn(test.ReserveInto(client, 1, kDollar, made));
    client.Cancel();
    co_await test.Until(strand, [&] { return made.has_value(); });
    EXPECT_EQ(made->verdict, Verdict::kCancelled);
    EXPECT_EQ(test.purse_->in_flight(), 0u);
    EXPECT_EQ(co_await test.Reserve(strand, 1, kDollar), Verdict::kUnavailable) << "the id is free again";
  }(*this));
}

TEST_F(PurseTest, AnExtensionCountsOnceItIsWritten) {
  Open();
  Run([](PurseTest& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    EXPECT_EQ(co_await test.Reserve(strand, 1, kDollar), Verdict::kAdmitted);
    std::optional<Verdict> verdict;
    spool::Ticket before{};
    const Status asked =
        test.purse_->Extend(spool::Exchange(1), Dollars(kDollar), [&](const Decision& decision) {
          verdict = decision.verdict;
          before = test.spool_->written();
        });
    EXPECT_TRUE(asked);
    EXPECT_FALSE(verdict) << "never within the call";
    EXPECT_EQ(test.purse_->Extend(spool::Exchange(1), Dollars(kDollar), {}).error().code,
              ErrorCode::kInvalid);
    co_await test.Until(strand, [&] { return verdict.has_value(); });
    EXPECT_EQ(*verdict, Verdict::kAdmitted);
    EXPECT_GE(static_cast<uint64_t>(before), 3u) << "grant and reservation, intent, and its own row";
    test.Settle(1, kDollar);
  }(*this));
}

TEST_F(PurseTest, AnExtensionThatCantBeHadIsRefusedWithItsAccount) {
  Open();
  Run([](PurseTest& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    EXPECT_EQ(co_await test.Reserve(strand, 1, 9 * kDollar), Verdict::kAdmitted);
    std::optional<Decision> made;
    EXPECT_TRUE(test.purse_->Extend(spool::Exchange(1), Dollars(11 * kDollar),
                                    [&](const Decision& decision) { made = decision; }));
    co_await test.Until(strand, [&] { return made.has_value(); });
    EXPECT_EQ(made->verdict, Verdict::kExhausted);
    EXPECT_EQ(made->account, "team-month");
    test.Settle(1, 9 * kDollar);
  }(*this));
  Close();
  ASSERT_EQ(Outcomes().size(), 1u);
  EXPECT_EQ(Outcomes()[0].charges(0).reserved(), 9 * kDollar);
}

TEST_F(PurseTest, NobodyIsCalledForAnExchangeThatHasEnded) {
  Open();
  Run([](PurseTest& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    EXPECT_EQ(co_await test.Reserve(strand, 1, kDollar), Verdict::kAdmitted);
    bool called = false;
    EXPECT_TRUE(test.purse_->Extend(spool::Exchange(1), Dollars(2 * kDollar),
                                    [&](const Decision&) { called = true; }));
    const spool::Ticket ticket = test.Settle(1, kDollar);
    co_await test.Until(strand, [&] { return test.spool_->synced() >= ticket; });
    EXPECT_FALSE(called);
  }(*this));
}

TEST_F(PurseTest, AReturnIsSaidOnceItIsSynced) {
  Open();
  Run([](PurseTest& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    EXPECT_EQ(co_await test.Reserve(strand, 1, kDollar), Verdict::kAdmitted);
    test.Settle(1, kDollar / 2);
    test.purse_->GiveBack();
    EXPECT_TRUE(test.keeper_->returns.empty());
    EXPECT_FALSE(test.purse_->all_said());
    co_await test.Until(strand, [&] { return test.purse_->all_said(); });
    EXPECT_EQ(test.keeper_->returns.size(), 1u);
    const std::vector<wallet::HoldingRecord> synced = test.spool_->SyncedHoldings(test.spool_->incarnation());
    EXPECT_EQ(synced.size(), 1u);
    EXPECT_EQ(synced.at(0).counters.returned, Amount(test.keeper_->returns.at(0).holdings(0).returned()));
    EXPECT_EQ(test.BalanceOf("team-month").spare, Amount());
  }(*this));
  Close();
  for (const wire::Event& event : spool::Events(spool::ReadAll(directory_ / "state"))) keeper_->Apply(event);
  EXPECT_EQ(keeper_->StatementOf("team-month").left, Amount(10 * kDollar - kDollar / 2));
  EXPECT_EQ(keeper_->StatementOf("team-month").spent, Amount(kDollar / 2));
  EXPECT_EQ(keeper_->alarms, 0u);
}

// What was on its way when the stop began.
TEST_F(PurseTest, WhatComesAfterEverythingWasGivenBackGoesBackToo) {
  Open();
  Run([](PurseTest& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    EXPECT_EQ(co_await test.Reserve(strand, 1, kDollar), Verdict::kAdmitted);
    test.Settle(1, kDollar / 2);
    test.purse_->GiveBack();
    co_await test.Until(strand, [&] { return test.purse_->all_said(); });
    const size_t demands = test.keeper_->demands.size();
    const size_t returns = test.keeper_->returns.size();
    limits::Claim claim;
    claim.account = "team-month";
    claim.amount = Amount(kDollar);
    claim.granted = test.BalanceOf("team-month").counters.granted;
    claim.returned = test.BalanceOf("team-month").counters.returned;
    wire::FromAgent late;
    *late.mutable_demand() =
        limits::ToWire(limits::Demand{99, WallNow(), {claim}}, test.spool_->incarnation());
    test.keeper_->Hear(late);
    co_await test.Until(strand, [&] { return test.keeper_->returns.size() > returns; });
    EXPECT_EQ(test.BalanceOf("team-month").spare, Amount());
    EXPECT_EQ(co_await test.Reserve(strand, 2, kDollar), Verdict::kUnavailable);
    EXPECT_EQ(test.keeper_->demands.size(), demands + 1) << "but for the late one nothing was asked for";
  }(*this));
  Close();
  for (const wire::Event& event : spool::Events(spool::ReadAll(directory_ / "state"))) keeper_->Apply(event);
  EXPECT_EQ(keeper_->StatementOf("team-month").left, Amount(10 * kDollar - kDollar / 2));
  EXPECT_EQ(keeper_->alarms, 0u);
}

TEST_F(PurseTest, TheNextLifeGoesOnWithWhatIsHeld) {
  Open();
  Run([](PurseTest& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    EXPECT_EQ(co_await test.Reserve(strand, 1, kDollar), Verdict::kAdmitted);
    test.Settle(1, kDollar / 2);
  }(*this));
  const Balance before = BalanceOf("team-month");
  Close();
  Open();
  EXPECT_EQ(BalanceOf("team-month").counters, before.counters);
  keeper_->is_reachable = false;
  Run([](PurseTest& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    EXPECT_EQ(co_await test.Reserve(strand, 2, kDollar / 2), Verdict::kAdmitted);
    test.Settle(2, 0);
  }(*this));
}

TEST_F(PurseTest, AnotherIncarnationBeginsWithNothingAndEndsWhatIsInFlight) {
  Open();
  Run([](PurseTest& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    EXPECT_EQ(co_await test.Reserve(strand, 1, kDollar), Verdict::kAdmitted);
    std::vector<std::pair<ExchangeId, Loss>> lost;
    test.purse_->OnLoss([&](const ExchangeId& id, Loss loss) { lost.emplace_back(id, loss); });
    const uint64_t next = test.spool_->incarnation() + 1;
    bool begun = false;
    test.spool_->BeginIncarnation(next, [&](const Status& status) {
      EXPECT_TRUE(status);
      test.loop_->Post([&] { begun = true; });
    });
    co_await test.Until(strand, [&] { return begun; });
    test.purse_->Begin(next);
    EXPECT_EQ(lost.size(), 1u);
    EXPECT_EQ(lost.at(0).first, spool::Exchange(1));
    EXPECT_EQ(lost.at(0).second, Loss::kIncarnation);
    EXPECT_TRUE(test.purse_->Balances().empty());
    test.Settle(1, kDollar);
    EXPECT_EQ(co_await test.Reserve(strand, 2, kDollar), Verdict::kAdmitted);
    EXPECT_EQ(test.keeper_->demands.back().incarnation(), next);
    test.Settle(2, kDollar);
  }(*this));
  Close();
  const auto outcomes = Outcomes();
  ASSERT_EQ(outcomes.size(), 2u);
  EXPECT_EQ(outcomes[0].charges_size(), 0) << "it counts where it was reserved";
  ASSERT_EQ(outcomes[1].charges_size(), 1);
  EXPECT_EQ(outcomes[1].charges(0).used(), kDollar);
}

TEST_F(PurseTest, AGrantOfAFormerIncarnationIsPassedOver) {
  Open();
  wire::Grant grant = limits::ToWire(
      limits::Answer{
          .heard = WallNow(),
          .standings = {{"team-month", {WallNow() - hours(1), WallNow() + hours(1)}, Amount(5), {}, {}, {}}}},
      spool_->incarnation() + 1);
  purse_->Receive(grant);
  EXPECT_TRUE(purse_->Balances().empty());
  grant.set_incarnation(spool_->incarnation());
  purse_->Receive(grant);
  EXPECT_EQ(purse_->Balances().size(), 1u);
}

TEST_F(PurseTest, NumbersThatNoSumWouldHoldAreNotTaken) {
  Open();
  for (const int64_t granted : {int64_t{-1}, std::numeric_limits<int64_t>::max()}) {
    const wire::Grant grant = limits::ToWire(
        limits::Answer{
            .heard = WallNow(),
            .standings = {{"team-month", {WallNow(), WallNow() + hours(1)}, Amount(granted), {}, {}, {}}}},
        spool_->incarnation());
    purse_->Receive(grant);
  }
  EXPECT_TRUE(purse_->Balances().empty());
}

TEST_F(PurseTest, WhatAProviderReportsCantOverflow) {
  Open();
  Run([](PurseTest& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    EXPECT_EQ(co_await test.Reserve(strand, 1, kDollar), Verdict::kAdmitted);
    test.Settle(1, std::numeric_limits<int64_t>::max());
    EXPECT_EQ(test.BalanceOf("team-month").counters.used, Amount(int64_t{1} << 53));
    EXPECT_EQ(test.BalanceOf("team-month").spare, Amount());
  }(*this));
}

TEST_F(PurseTest, SlotsAreUsedOnlyWhileTheCollectorIsHeard) {
  Limit({LimitOf("slots", Unit::kConcurrent, 2)});
  Open();
  Run([](PurseTest& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    EXPECT_EQ(co_await test.Reserve(strand, 1, 0), Verdict::kAdmitted)
        << "a grant is a word of the collector's";
    std::vector<std::pair<ExchangeId, Loss>> lost;
    test.purse_->OnLoss([&](const ExchangeId& id, Loss loss) { lost.emplace_back(id, loss); });
    // The clock is found to have been wrong by an hour: nobody knows when the lease began.
    test.Beat(WallNow() + hours(1));
    test.keeper_->is_reachable = false;
    co_await test.Until(strand, [&] { return !lost.empty(); });
    EXPECT_EQ(lost.at(0).first, spool::Exchange(1));
    EXPECT_EQ(lost.at(0).second, Loss::kSlot);
    EXPECT_EQ(co_await test.Reserve(strand, 2, 0), Verdict::kUnavailable);
    test.Settle(1, 0);
  }(*this));
}

TEST_F(PurseTest, AClockThatIsSetBackStopsNobody) {
  Open();
  Run([](PurseTest& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    test.Beat(WallNow() - seconds(5));
    EXPECT_EQ(co_await test.Reserve(strand, 1, kDollar), Verdict::kAdmitted);
    test.Settle(1, kDollar);
    test.keeper_->is_reachable = false;
    EXPECT_EQ(co_await test.Reserve(strand, 2, 9 * kDollar), Verdict::kUnavailable)
        << "250 ms later, by whatever clock";
  }(*this));
}

TEST_F(PurseTest, WhileTheRecordCantBeKeptNothingIsReserved) {
  options_.journal.faults = std::make_shared<kv::Faults>(false);
  Open();
  Run([](PurseTest& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    test.options_.journal.faults->FailSyncs(true);
    EXPECT_TRUE(test.spool_->Append(spool::Intent(7)));
    co_await test.Until(strand, [&] { return !test.spool_->TakesIntents(BootClock::now()); });
    EXPECT_EQ(co_await test.Reserve(strand, 1, kDollar), Verdict::kUnrecorded);
    EXPECT_EQ(test.purse_->in_flight(), 0u);
    test.options_.journal.faults->FailSyncs(false);
    co_await test.Until(strand, [&] { return test.spool_->TakesIntents(BootClock::now()); });
    EXPECT_EQ(co_await test.Reserve(strand, 1, kDollar), Verdict::kAdmitted);
    test.Settle(1, kDollar);
  }(*this));
}

// What goes on without a record must still not say what a power cut would take back.
TEST_F(PurseTest, WhileTheDiskFailsAndExchangesGoOnNothingIsSaidToBeGivenBack) {
  options_.journal.faults = std::make_shared<kv::Faults>(false);
  options_.full = spool::FullPolicy::kGap;
  Open();
  Run([](PurseTest& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    kv::Faults& disk = *test.options_.journal.faults;
    EXPECT_EQ(co_await test.Reserve(strand, 1, kDollar), Verdict::kAdmitted);
    disk.FailSyncs(true);
    test.Settle(1, kDollar / 2);
    EXPECT_TRUE(test.spool_->Append(spool::Intent(7)));
    co_await test.Until(
        strand, [&] { return test.spool_->condition(BootClock::now()) == spool::Condition::kFailing; });
    EXPECT_EQ(co_await test.Reserve(strand, 2, kDollar / 4), Verdict::kAdmitted) << "with a gap it goes on";
    test.Settle(2, kDollar / 4);
    test.purse_->GiveBack();
    // The record's thread has been through all of it when it has counted two refusals, one after the other.
    for (int turn = 0; turn < 2; ++turn) {
      const uint64_t before = test.spool_->stats().dropped;
      EXPECT_TRUE(test.spool_->Append(spool::Refusal()));
      co_await test.Until(strand, [&] { return test.spool_->stats().dropped > before; });
    }
    test.purse_->OnProgress();
    EXPECT_TRUE(test.keeper_->returns.empty());
    EXPECT_FALSE(test.purse_->all_said());
    disk.FailSyncs(false);
    co_await test.Until(strand, [&] { return test.purse_->all_said(); });
    const auto synced = test.spool_->SyncedHoldings(test.spool_->incarnation());
    EXPECT_EQ(synced.size(), 1u);
    EXPECT_EQ(test.keeper_->returns.size(), 1u);
    if (synced.empty() || test.keeper_->returns.empty()) co_return;
    const wire::Holding& said = test.keeper_->returns.back().holdings(0);
    EXPECT_EQ(synced[0].counters.returned, Amount(said.returned()));
    EXPECT_GE(synced[0].counters.used, Amount(said.used()));
  }(*this));
  Close();
  EXPECT_EQ(keeper_->alarms, 0u);
}

TEST_F(PurseTest, ALimitOfAMonthThatBecomesOneOfADayIsReservedFromAnewAtOnce) {
  Open();
  Run([](PurseTest& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    EXPECT_EQ(co_await test.Reserve(strand, 1, 9 * kDollar), Verdict::kAdmitted);
    test.Settle(1, 9 * kDollar);
    limits::Limit daily = LimitOf("team-month", Unit::kUsd, 2 * kDollar);
    daily.span = limits::Span::kDay;
    test.Limit({daily});
    EXPECT_EQ(co_await test.Reserve(strand, 2, 2 * kDollar), Verdict::kAdmitted);
    test.Settle(2, kDollar);
    EXPECT_EQ(test.purse_->Fullest(test.Met())->permille, 500);
    EXPECT_EQ(test.purse_->Balances().size(), 2u) << "what the month has come to is still said";
  }(*this));
}

TEST_F(PurseTest, TheFullestLimitIsTheOneOfWhichTheLeastIsLeft) {
  Limit({LimitOf("team-month", Unit::kUsd, 10 * kDollar), LimitOf("team-day", Unit::kUsd, 100 * kDollar),
         LimitOf("slots", Unit::kConcurrent, 1)});
  Open();
  EXPECT_FALSE(purse_->Fullest(Met()));
  Run([](PurseTest& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    EXPECT_EQ(co_await test.Reserve(strand, 1, 8 * kDollar), Verdict::kAdmitted);
    test.Settle(1, 8 * kDollar);
    const auto met = test.Met();
    const auto fullest = test.purse_->Fullest(met);
    EXPECT_TRUE(fullest.has_value());
    EXPECT_EQ(fullest->account, "team-month");
    EXPECT_EQ(fullest->limit->id, "team-month");
    EXPECT_EQ(fullest->permille, 800);
    EXPECT_TRUE(fullest->resets.has_value());
  }(*this));
}

}  // namespace
}  // namespace postern::purse
