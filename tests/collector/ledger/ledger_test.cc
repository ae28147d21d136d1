#include "collector/ledger/ledger.h"

#include <gtest/gtest.h>

#include "tests/collector/ledger/ledgers.h"

namespace postern::ledger {
namespace {

using limits::Word;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Ledger, GrantsWhatIsAskedForAndNoMoreThanTheLimitToAll) {
  Ledger ledger({}, Limits(10));
  Output output;
  ledger.Receive(kA, Want(1, "usd", 7), kNow, output);
  ASSERT_EQ(output.messages.size(), 1u);
  EXPECT_EQ(output.messages[0].answer.word, Word::kGranted);
  EXPECT_EQ(output.messages[0].answer.standings[0].granted, Amount(7));
  output.Clear();
  ledger.Receive(kB, Want(1, "usd", 7), kNow, output);
  // Before it says no it asks whoever may have some.
  ASSERT_EQ(output.messages.size(), 1u);
  EXPECT_EQ(output.messages[0].to, kA);
  EXPECT_EQ(output.messages[0].answer.word, Word::kRecall);
}

TEST(Ledger, WhatLiesIdleElsewhereIsCalledBackAndGranted) {
  Ledger ledger({}, Limits(10));
  Output output;
  ledger.Receive(kA, Want(1, "usd", 7), kNow, output);
  ledger.Receive(kB, Want(1, "usd", 7), kNow, output);
  const uint64_t recall = output.messages.back().answer.number;
  output.Clear();
  ledger.Receive(kA, limits::Return{recall, {{"usd", kToday, {Amount(7), Amount(), Amount(7)}}}}, kNow,
                 output);
  ASSERT_EQ(output.messages.size(), 1u);
  EXPECT_EQ(output.messages[0].to, kB);
  EXPECT_EQ(output.messages[0].answer.word, Word::kGranted);
}

TEST(Ledger, AVectorIsGrantedWholeOrNotAtAll) {
  Ledger ledger({}, Limits(10, 0));
  Output output;
  limits::Demand demand = Want(1, "usd", 5);
  demand.claims.push_back(Want(1, "requests", 1).claims[0]);
  ledger.Receive(kA, demand, kNow, output);
  EXPECT_EQ(output.messages.back().answer.word, Word::kDenied);
  EXPECT_EQ(output.messages.back().answer.lacking, "requests");
  EXPECT_TRUE(output.holdings.empty());
}

TEST(Ledger, ARepeatedDemandIsAnsweredAgainAndGrantsNothingMore) {
  Ledger ledger({}, Limits(10));
  Output output;
  for (int i = 0; i < 3; ++i) ledger.Receive(kA, Want(1, "usd", 4), kNow, output);
  ASSERT_EQ(output.messages.size(), 3u);
  EXPECT_EQ(output.messages.back().answer.standings[0].granted, Amount(4));
}

TEST(Ledger, LateCountersChangeNothing) {
  Ledger ledger({}, Limits(10));
  Output output;
  ledger.Receive(kA, Want(1, "usd", 10), kNow, output);
  const limits::Charge second{"usd", kToday, Amount(3), Amount(3), Amount(5)};
  const limits::Charge first{"usd", kToday, Amount(2), Amount(2), Amount(2)};
  ledger.Apply(kA, std::span(&second, 1), kNow, output);
  ledger.Apply(kA, std::span(&first, 1), kNow, output);
  EXPECT_EQ(ledger.Statements("usd", kNow)[0].spent, Amount(5));
}

// Counters written to disk every ten seconds: a crash loses spend (Bifrost).
TEST(Ledger, IsTheSameAfterACrash) {
  Output output;
  Ledger ledger({}, Limits(10));
  ledger.Receive(kA, Want(1, "usd", 6), kNow, output);
  const limits::Charge charge{"usd", kToday, Amount(4), Amount(6), Amount(4)};
  ledger.Apply(kA, std::span(&charge, 1), kNow, output);
  std::map<std::string, HoldingRecord> rows;
  for (const HoldingRecord& row : output.holdings) rows[row.account] = row;
  std::vector<HoldingRecord> holdings;
  for (const auto& [account, row] : rows) holdings.push_back(row);
  const Ledger again = Ledger::Restore({}, Limits(10), output.pools, holdings, WallTime::min(), kNow);
  EXPECT_EQ(again.Statements("usd", kNow)[0].spent, Amount(4));
  EXPECT_EQ(again.Statements("usd", kNow)[0].left, Amount(4));
}

TEST(Ledger, ALimitLoweredInMidWindowKeepsWhatWasSpentAndGrantsNoMore) {
  Ledger ledger({}, Limits(10));
  Output output;
  ledger.Receive(kA, Want(1, "usd", 6), kNow, output);
  output.Clear();
  ledger.SetLimits(Limits(5), kNow, output);
  EXPECT_EQ(output.messages.back().answer.word, Word::kRecall);
  EXPECT_EQ(ledger.Statements("usd", kNow)[0].left, Amount(-1));
  output.Clear();
  ledger.Receive(kB, limits::Demand{1, kNow, {Want(1, "usd", 0).claims[0]}}, kNow, output);
  EXPECT_TRUE(output.holdings.empty());
}

TEST(Ledger, AResetForgivesWhatWasSpent) {
  Ledger ledger({}, Limits(10));
  Output output;
  ledger.Receive(kA, Want(1, "usd", 10), kNow, output);
  const limits::Charge charge{"usd", kToday, Amount(10), Amount(10), Amount(10)};
  ledger.Apply(kA, std::span(&charge, 1), kNow, output);
  ledger.Reset("usd", kNow, output);
  EXPECT_EQ(ledger.Statements("usd", kNow)[0].left, Amount(10));
}

// Phantom holds never released (LiteLLM #36926, #30460).
TEST(Ledger, WhatADeadAgentHoldsIsFreeOnceItIsForfeited) {
  Ledger ledger({}, Limits(10));
  Output output;
  ledger.Receive(kA, Want(1, "usd", 10), kNow, output);
  const limits::Charge charge{"usd", kToday, Amount(3), Amount(3), Amount(3)};
  ledger.Apply(kA, std::span(&charge, 1), kNow, output);
  ledger.Forfeit("a", kNow, output);
  EXPECT_EQ(ledger.Statements("usd", kNow)[0].left, Amount(7));
}

// Bifrost has no concurrency limit. Here slots are leases.
TEST(Ledger, TheSlotsOfASilentAgentAreBackWithinAMinute) {
  Ledger ledger({}, Limits(10, 10, 4));
  Output output;
  ledger.Receive(kA, Want(1, "slots", 4), kNow, output);
  EXPECT_EQ(ledger.Statements("slots", kNow)[0].left, Amount(0));
  ledger.Tick(kNow + seconds(59), output);
  EXPECT_EQ(ledger.Statements("slots", kNow)[0].left, Amount(0));
  ledger.Tick(kNow + seconds(60), output);
  EXPECT_EQ(ledger.Statements("slots", kNow)[0].left, Amount(4));
}

TEST(Ledger, AHeartbeatRenewsTheLease) {
  Ledger ledger({}, Limits(10, 10, 4));
  Output output;
  ledger.Receive(kA, Want(1, "slots", 4), kNow, output);
  ledger.Heard(kA, kNow + seconds(30), kNow + seconds(30));
  ledger.Tick(kNow + seconds(60), output);
  EXPECT_EQ(ledger.Statements("slots", kNow)[0].left, Amount(0));
}

TEST(Ledger, AnOldBackupGrantsNothingOnceAnAgentKnowsBetter) {
  Ledger ledger({}, Limits(10));
  Output output;
  limits::Demand demand = Want(1, "usd", 2);
  demand.claims[0].window = kToday;
  demand.claims[0].granted = Amount(5);
  ledger.Receive(kA, demand, kNow, output);
  ASSERT_EQ(output.alarms.size(), 1u);
  EXPECT_EQ(output.alarms[0].trouble, Trouble::kRestored);
  EXPECT_TRUE(ledger.is_halted());
  ledger.Receive(kB, Want(1, "usd", 1), kNow, output);
  EXPECT_TRUE(output.messages.empty());
}

TEST(Ledger, AfterARecoveryWhatNobodyReportsIsSpent) {
  Ledger ledger({}, Limits(10));
  Output output;
  ledger.Receive(kA, Want(1, "usd", 2), kNow, output);
  ledger.Recover(kNow, output);
  EXPECT_EQ(ledger.Statements("usd", kNow)[0].left, Amount(0));
  ledger.Merge(kA, {0, {{"usd", kToday, {Amount(5), Amount(1), Amount(0)}}}}, kNow, output);
  EXPECT_EQ(ledger.Statements("usd", kNow)[0].unreported, Amount(5));
  // What the agent gives back from now on is there for all.
  ledger.Receive(kA, limits::Return{0, {{"usd", kToday, {Amount(5), Amount(1), Amount(4)}}}}, kNow, output);
  EXPECT_EQ(ledger.Statements("usd", kNow)[0].left, Amount(4));
}

// Nobody was granted anything of tomorrow at noon, and nobody is refused then for what a lost collector did.
TEST(Ledger, AfterARecoveryTheNextWindowIsAllThereAgain) {
  Ledger ledger({}, Limits(10));
  Output output;
  const WallTime noon = kToday.end - std::chrono::hours(12);
  ledger.Recover(noon, output);
  limits::Demand demand = Want(1, "usd", 10);
  demand.at = kToday.end + seconds(1);
  output.Clear();
  ledger.Receive(kA, demand, demand.at, output);
  ASSERT_EQ(output.messages.size(), 1u);
  EXPECT_EQ(output.messages[0].answer.word, Word::kGranted);
}

TEST(Ledger, AfterARecoveryShortlyBeforeItsBeginWhatMayHaveBeenGrantedOfTheNextWindowIsSpent) {
  Ledger ledger({}, Limits(10));
  Output output;
  ledger.Recover(kToday.end - std::chrono::minutes(3), output);
  limits::Demand demand = Want(1, "usd", 1);
  demand.at = kToday.end + seconds(1);
  ledger.Receive(kA, demand, demand.at, output);
  EXPECT_NE(output.messages.at(0).answer.word, Word::kGranted);
  EXPECT_EQ(ledger.Statements("usd", demand.at).back().unreported, Amount(10));
}

TEST(Ledger, AWindowThatBeginsMuchLaterIsNotGrantedFrom) {
  Ledger ledger({}, Limits(10));
  Output output;
  limits::Demand demand = Want(1, "usd", 1);
  demand.at = kToday.end;
  ledger.Receive(kA, demand, kToday.end - std::chrono::minutes(6), output);
  EXPECT_EQ(output.messages.at(0).answer.standings[0].window, kToday);
}

TEST(Ledger, AbsurdNumbersAreAnAlarmAndNothingElse) {
  Ledger ledger({}, Limits(10));
  Output output;
  ledger.Receive(kA, Want(1, "usd", -1), kNow, output);
  ledger.Receive(kA, Want(1, "usd", int64_t{1} << 62), kNow, output);
  const limits::Charge charge{"usd", kToday, Amount(-3), Amount(0), Amount(-3)};
  ledger.Apply(kA, std::span(&charge, 1), kNow, output);
  EXPECT_EQ(output.alarms.size(), 3u);
  EXPECT_TRUE(output.messages.empty());
}

TEST(Ledger, MoreUsedThanGrantedIsCountedAndAnAlarm) {
  Ledger ledger({}, Limits(10));
  Output output;
  ledger.Receive(kA, Want(1, "usd", 2), kNow, output);
  const limits::Charge charge{"usd", kToday, Amount(5), Amount(5), Amount(5)};
  ledger.Apply(kA, std::span(&charge, 1), kNow, output);
  ASSERT_EQ(output.alarms.size(), 1u);
  EXPECT_EQ(output.alarms[0].trouble, Trouble::kBeyond);
  EXPECT_EQ(ledger.Statements("usd", kNow)[0].spent, Amount(5));
}

}  // namespace
}  // namespace postern::ledger
