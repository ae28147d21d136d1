#include "agent/wallet/wallet.h"

#include <gtest/gtest.h>

namespace postern::wallet {
namespace {

using limits::Answer;
using limits::Unit;
using limits::Window;
using limits::Word;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr WallTime kNow{seconds(1'795'435'200)};
constexpr Window kToday{kNow - seconds(3'600), kNow + seconds(3'600)};

ExchangeId Id(uint8_t number) {
  ExchangeId id;
  id.bytes[15] = number;
  return id;
}

limits::Amounts Dollars(int64_t amount) {
  limits::Amounts amounts;
  amounts[Unit::kUsd] = Amount(amount);
  return amounts;
}

Answer Grant(int64_t granted, int64_t left = 0, Word word = Word::kGranted, uint64_t number = 0) {
  return {.word = word,
          .number = number,
          .heard = kNow,
          .standings = {{"usd", kToday, Amount(granted), Amount(), Amount(), Amount(left)}},
          .lacking = word == Word::kDenied ? "usd" : ""};
}

class WalletTest : public testing::Test {
 protected:
  Verdict Reserve(uint8_t number, int64_t amount, WallTime now = kNow) {
    output_.Clear();
    const Part part{"usd", Unit::kUsd, Amount(amount)};
    EXPECT_TRUE(wallet_.Reserve(Id(number), std::span(&part, 1), now, output_));
    return output_.decisions.empty() ? Verdict::kUnavailable : output_.decisions[0].verdict;
  }
  void Give(int64_t granted) {
    output_.Clear();
    wallet_.Receive(Grant(granted), kNow, output_);
  }
  Balance Now() { return *wallet_.Find("usd", kNow); }

  Wallet wallet_;
  Output output_;
};

TEST_F(WalletTest, AdmitsAloneWhileItSuffices) {
  Give(10);
  EXPECT_EQ(Reserve(1, 6), Verdict::kAdmitted);
  ASSERT_EQ(output_.reservations.size(), 1u);
  EXPECT_EQ(output_.reservations[0].parts[0].amount, Amount(6));
}

TEST_F(WalletTest, AsksForWhatItLacksAndAdmitsWhenThatComes) {
  Give(10);
  ASSERT_EQ(Reserve(1, 6), Verdict::kAdmitted);
  EXPECT_EQ(Reserve(2, 6), Verdict::kUnavailable);
  ASSERT_EQ(output_.demands.size(), 1u);
  EXPECT_EQ(output_.demands[0].claims[0].amount, Amount(6));
  EXPECT_EQ(output_.demands[0].claims[0].spare, Amount(4));
  Give(12);
  ASSERT_EQ(output_.decisions.size(), 1u);
  EXPECT_EQ(output_.decisions[0].exchange, Id(2));
}

TEST_F(WalletTest, BeforeAStopAllThatIsNotReservedGoesBackOnce) {
  Give(10);
  ASSERT_EQ(Reserve(1, 6), Verdict::kAdmitted);
  output_.Clear();
  wallet_.GiveBack(output_);
  ASSERT_EQ(output_.returns.size(), 1u);
  ASSERT_EQ(output_.returns[0].held.size(), 1u);
  EXPECT_EQ(output_.returns[0].held[0].counters.returned, Amount(4));
  EXPECT_EQ(output_.holdings.size(), 1u) << "it is written down before it is said";
  EXPECT_EQ(Now().counters.returned, Amount(4));
  output_.Clear();
  wallet_.GiveBack(output_);
  EXPECT_TRUE(output_.returns.empty());
}

TEST_F(WalletTest, ThoseWhoWaitCountOnTheSameSpareOnlyOnce) {
  Give(10);
  ASSERT_EQ(Reserve(1, 12), Verdict::kUnavailable);
  EXPECT_EQ(output_.demands.at(0).claims[0].spare, Amount(10));
  ASSERT_EQ(Reserve(2, 15), Verdict::kUnavailable);
  EXPECT_EQ(output_.demands.at(0).claims[0].amount, Amount(15));
  EXPECT_EQ(output_.demands.at(0).claims[0].spare, Amount(-2))
      << "ten are for whoever came first, who wants twelve";
}

TEST_F(WalletTest, MoreIsAskedForWhenLessIsSpareThanHalfOfWhatIsLikelyToBeWanted) {
  Give(10);
  ASSERT_EQ(Reserve(1, 4), Verdict::kAdmitted);
  EXPECT_TRUE(output_.demands.empty());
  ASSERT_EQ(Reserve(2, 4), Verdict::kAdmitted);
  ASSERT_EQ(output_.demands.size(), 1u);
  EXPECT_EQ(output_.demands[0].claims[0].amount, Amount()) << "nobody waits";
  EXPECT_EQ(output_.demands[0].claims[0].ahead, Amount(8));
}

TEST_F(WalletTest, ShortlyBeforeAWindowEndsSomethingOfTheNextIsAskedForAndThenUsedWithoutAnAnswer) {
  const WallTime soon = kToday.end - std::chrono::minutes(4);
  const WallTime after = kToday.end + milliseconds(1);
  Give(10);
  ASSERT_EQ(Reserve(1, 2, soon), Verdict::kAdmitted);
  output_.Clear();
  wallet_.Tick(soon + seconds(1), output_);
  ASSERT_EQ(output_.demands.size(), 1u);
  EXPECT_EQ(output_.demands[0].at, kToday.end);
  EXPECT_FALSE(output_.demands[0].claims[0].window);
  EXPECT_EQ(output_.demands[0].claims[0].ahead, Amount(2));
  const Window next{kToday.end, kToday.end + seconds(7'200)};
  wallet_.Receive({.heard = soon, .standings = {{"usd", next, Amount(2), {}, {}, {}}}}, soon + seconds(2),
                  output_);
  ASSERT_EQ(Reserve(2, 2, soon + seconds(3)), Verdict::kAdmitted);
  EXPECT_EQ(output_.reservations[0].parts[0].window, kToday) << "the next one hasn't begun";
  EXPECT_EQ(Reserve(3, 2, after), Verdict::kAdmitted);
  EXPECT_EQ(output_.reservations[0].parts[0].window, next);
}

TEST_F(WalletTest, EveryLimitMustAdmitOrNothingIsReserved) {
  Give(10);
  const Part parts[] = {{"usd", Unit::kUsd, Amount(5)}, {"tokens", Unit::kTokens, Amount(5)}};
  output_.Clear();
  ASSERT_TRUE(wallet_.Reserve(Id(1), parts, kNow, output_));
  EXPECT_TRUE(output_.decisions.empty());
  EXPECT_EQ(Now().reserved, Amount(0));
}

TEST_F(WalletTest, SettlingFreesWhatWasNotNeeded) {
  Give(10);
  ASSERT_EQ(Reserve(1, 6), Verdict::kAdmitted);
  output_.Clear();
  ASSERT_TRUE(wallet_.Settle(Id(1), Dollars(2), kNow, output_));
  ASSERT_EQ(output_.charges.size(), 1u);
  EXPECT_EQ(output_.charges[0].amount, Amount(2));
  EXPECT_EQ(output_.charges[0].reserved, Amount(6));
  EXPECT_EQ(output_.charges[0].used, Amount(2));
  EXPECT_EQ(Now().reserved, Amount(0));
}

TEST_F(WalletTest, AnExtensionIsPersistedBeforeItCounts) {
  Give(10);
  ASSERT_EQ(Reserve(1, 6), Verdict::kAdmitted);
  output_.Clear();
  ASSERT_TRUE(wallet_.Extend(Id(1), Dollars(8), kNow, output_));
  ASSERT_EQ(output_.decisions.size(), 1u);
  ASSERT_EQ(output_.reservations.size(), 1u);
  EXPECT_EQ(output_.reservations[0].parts[0].amount, Amount(8));
}

TEST_F(WalletTest, AClosedWindowTakesExtensionsOfWhatWasAdmittedInIt) {
  Give(10);
  ASSERT_EQ(Reserve(1, 6), Verdict::kAdmitted);
  output_.Clear();
  ASSERT_TRUE(wallet_.Extend(Id(1), Dollars(8), kToday.end + seconds(1), output_));
  EXPECT_EQ(output_.decisions[0].verdict, Verdict::kAdmitted);
  EXPECT_EQ(Reserve(2, 1, kToday.end + seconds(1)), Verdict::kUnavailable);
}

TEST_F(WalletTest, WithoutAnAnswerItIsRefusedAfterItsPatience) {
  EXPECT_EQ(Reserve(1, 6), Verdict::kUnavailable);
  output_.Clear();
  wallet_.Tick(kNow + milliseconds(249), output_);
  EXPECT_TRUE(output_.decisions.empty());
  wallet_.Tick(kNow + milliseconds(250), output_);
  ASSERT_EQ(output_.decisions.size(), 1u);
  EXPECT_EQ(output_.decisions[0].verdict, Verdict::kUnavailable);
}

TEST_F(WalletTest, ADenialSaysWhichAccountAndWhenItResets) {
  Give(3);
  ASSERT_EQ(Reserve(1, 6), Verdict::kUnavailable);
  const uint64_t number = output_.demands[0].number;
  output_.Clear();
  wallet_.Receive(Grant(3, 2, Word::kDenied, number), kNow, output_);
  ASSERT_EQ(output_.decisions.size(), 1u);
  EXPECT_EQ(output_.decisions[0].verdict, Verdict::kExhausted);
  EXPECT_EQ(output_.decisions[0].account, "usd");
  EXPECT_EQ(output_.decisions[0].resets, kToday.end);
}

TEST_F(WalletTest, ADenialThatTimeHasOvertakenIsAskedAgain) {
  Give(6);
  ASSERT_EQ(Reserve(1, 3), Verdict::kAdmitted);
  ASSERT_EQ(Reserve(2, 7), Verdict::kUnavailable);
  const uint64_t number = output_.demands[0].number;
  ASSERT_TRUE(wallet_.Settle(Id(1), Dollars(1), kNow, output_));
  output_.Clear();
  wallet_.Receive(Grant(6, 2, Word::kDenied, number), kNow, output_);
  EXPECT_TRUE(output_.decisions.empty());
  EXPECT_EQ(output_.demands.size(), 1u);
}

TEST_F(WalletTest, ADenialOfAWindowThatHasEndedIsAskedAgainInTheNext) {
  const WallTime before = kToday.end - milliseconds(1), after = kToday.end + milliseconds(1);
  Give(3);
  ASSERT_EQ(Reserve(1, 6, before), Verdict::kUnavailable);
  const uint64_t number = output_.demands[0].number;
  output_.Clear();
  wallet_.Receive(Grant(3, 2, Word::kDenied, number), after, output_);
  EXPECT_TRUE(output_.decisions.empty());
  EXPECT_EQ(output_.demands.size(), 1u);
}

TEST_F(WalletTest, WhatIsExtendedInAWindowThatHasEndedIsDeniedInIt) {
  Give(6);
  ASSERT_EQ(Reserve(1, 6), Verdict::kAdmitted);
  const WallTime after = kToday.end + milliseconds(1);
  output_.Clear();
  ASSERT_TRUE(wallet_.Extend(Id(1), Dollars(8), after, output_));
  const uint64_t number = output_.demands.at(0).number;
  output_.Clear();
  wallet_.Receive(Grant(6, 1, Word::kDenied, number), after, output_);
  ASSERT_EQ(output_.decisions.size(), 1u);
  EXPECT_EQ(output_.decisions[0].verdict, Verdict::kExhausted);
}

TEST_F(WalletTest, ARecallTakesWhatIsSpareAndForAWhileWhatBecomesFree) {
  Give(10);
  ASSERT_EQ(Reserve(1, 6), Verdict::kAdmitted);
  output_.Clear();
  wallet_.Receive(Grant(10, 0, Word::kRecall, 7), kNow, output_);
  ASSERT_EQ(output_.returns.size(), 1u);
  EXPECT_EQ(output_.returns[0].recall, 7u);
  EXPECT_EQ(output_.returns[0].held[0].counters.returned, Amount(4));
  output_.Clear();
  ASSERT_TRUE(wallet_.Settle(Id(1), Dollars(2), kNow, output_));
  ASSERT_EQ(output_.returns.size(), 1u);
  EXPECT_EQ(output_.returns[0].held[0].counters.returned, Amount(8));
}

TEST_F(WalletTest, WhatACrashLeftInFlightIsSettledAtWhatWasReserved) {
  Give(10);
  std::vector<HoldingRecord> holdings = output_.holdings;
  ASSERT_EQ(Reserve(1, 6), Verdict::kAdmitted);
  Wallet again = Wallet::Restore({}, holdings, output_.reservations);
  ASSERT_EQ(again.InFlight(), std::vector<ExchangeId>{Id(1)});
  output_.Clear();
  ASSERT_TRUE(again.SettleAsReserved(Id(1), kNow, output_));
  EXPECT_EQ(output_.charges[0].amount, Amount(6));
  EXPECT_EQ(again.Find("usd", kNow)->counters.used, Amount(6));
}

TEST_F(WalletTest, AnOldGrantThatComesLateChangesNothing) {
  Give(10);
  Give(4);
  EXPECT_EQ(Now().counters.granted, Amount(10));
}

TEST_F(WalletTest, ANewIncarnationHasNothing) {
  Give(10);
  ASSERT_EQ(Reserve(1, 6), Verdict::kAdmitted);
  output_.Clear();
  wallet_.Begin(output_);
  EXPECT_FALSE(wallet_.Find("usd", kNow));
  EXPECT_TRUE(output_.holdings[0].erased);
  EXPECT_FALSE(wallet_.Settle(Id(1), Dollars(1), kNow, output_));
}

TEST_F(WalletTest, SlotsAreNotUsedPastTheirLease) {
  const Part slot{"slots", Unit::kConcurrent, Amount(1)};
  Answer answer{.heard = kNow,
                .standings = {{"slots", limits::kAlways, Amount(2), Amount(), Amount(), Amount()}}};
  wallet_.Receive(answer, kNow, output_);
  output_.Clear();
  ASSERT_TRUE(wallet_.Reserve(Id(1), std::span(&slot, 1), kNow, output_));
  EXPECT_EQ(output_.decisions[0].verdict, Verdict::kAdmitted);
  const WallTime later = kNow + seconds(45);
  output_.Clear();
  wallet_.Tick(later, output_);
  EXPECT_EQ(output_.returns[0].held[0].counters.returned, Amount(2));
  EXPECT_EQ(wallet_.Uncovered(later), std::vector<ExchangeId>{Id(1)});
  output_.Clear();
  ASSERT_TRUE(wallet_.Reserve(Id(2), std::span(&slot, 1), later, output_));
  EXPECT_TRUE(output_.decisions.empty());
}

// A machine that sleeps: nobody looks, nothing comes, and the clock goes on.
class AsleepWithSlots : public WalletTest {
 protected:
  AsleepWithSlots() {
    wallet_.Receive({.heard = kNow, .standings = {{"slots", limits::kAlways, Amount(2), {}, {}, {}}}}, kNow,
                    output_);
    EXPECT_EQ(Take(1, kNow), 1u);
    output_.Clear();
  }
  // How many are admitted: one or none.
  size_t Take(uint8_t number, WallTime now) {
    output_.Clear();
    const Part slot{"slots", Unit::kConcurrent, Amount(1)};
    EXPECT_TRUE(wallet_.Reserve(Id(number), std::span(&slot, 1), now, output_));
    return output_.decisions.size();
  }
  static constexpr WallTime kWakes = kNow + seconds(70);
};

TEST_F(AsleepWithSlots, TheFirstRequestAfterItsLeaseFindsNone) { EXPECT_EQ(Take(2, kWakes), 0u); }

TEST_F(AsleepWithSlots, WhoeverIsHeardAgainAfterItsLeaseHasGivenThemBackFirst) {
  wallet_.Heard(kWakes, kWakes + milliseconds(5), output_);
  ASSERT_EQ(output_.returns.size(), 1u);
  EXPECT_EQ(output_.returns[0].held[0].counters.returned, Amount(2));
  EXPECT_EQ(output_.holdings.size(), 1u) << "it is written down before it is said";
  EXPECT_EQ(wallet_.Uncovered(kWakes + milliseconds(5)), std::vector{Id(1)})
      << "others may have its slot by now";
  EXPECT_EQ(Take(2, kWakes + milliseconds(6)), 0u);
}

TEST_F(AsleepWithSlots, AGrantThatWasOnItsWayWhenItFellAsleepIsOfNoUse) {
  wallet_.Receive(
      {.heard = kNow + seconds(1), .standings = {{"slots", limits::kAlways, Amount(4), {}, {}, {}}}}, kWakes,
      output_);
  EXPECT_EQ(Take(2, kWakes), 0u);
}

TEST_F(AsleepWithSlots, WithinItsLeaseTheyAreItsOwn) {
  const WallTime soon = kNow + seconds(44);
  EXPECT_EQ(Take(2, soon), 1u);
  wallet_.Heard(soon, soon, output_);
  EXPECT_TRUE(output_.returns.empty());
  EXPECT_TRUE(wallet_.Uncovered(soon).empty());
}

TEST_F(WalletTest, AChargeSaysWhatWasReservedAtFirstAndInAll) {
  Give(10);
  ASSERT_EQ(Reserve(1, 6), Verdict::kAdmitted);
  ASSERT_TRUE(wallet_.Extend(Id(1), Dollars(8), kNow, output_));
  output_.Clear();
  ASSERT_TRUE(wallet_.Settle(Id(1), Dollars(7), kNow, output_));
  ASSERT_EQ(output_.charges.size(), 1u);
  EXPECT_EQ(output_.charges[0].admitted, Amount(6));
  EXPECT_EQ(output_.charges[0].reserved, Amount(8));
}

TEST_F(WalletTest, WhatTheLedgerHasLeftIsRemembered) {
  Give(10);
  EXPECT_EQ(Now().left, Amount(0));
  output_.Clear();
  wallet_.Receive(Grant(12, 7), kNow, output_);
  EXPECT_EQ(Now().left, Amount(7));
}

// The clock was an hour ahead: whoever waits is answered after its patience, and not an hour later.
TEST_F(WalletTest, AfterTheClockIsSetBackNobodyWaitsLonger) {
  EXPECT_EQ(Reserve(1, 6), Verdict::kUnavailable);
  const auto back = -std::chrono::hours(1);
  output_.Clear();
  wallet_.Shift(back, kNow, output_);
  wallet_.Tick(kNow + back + milliseconds(100), output_);
  EXPECT_EQ(output_.demands.size(), 1u) << "repeated as before";
  EXPECT_TRUE(output_.decisions.empty());
  wallet_.Tick(kNow + back + milliseconds(260), output_);
  ASSERT_EQ(output_.decisions.size(), 1u);
  EXPECT_EQ(output_.decisions[0].verdict, Verdict::kUnavailable);
}

TEST_F(WalletTest, AfterTheClockIsSetNobodyKnowsWhenALeaseBegan) {
  wallet_.Heard(kNow, kNow, output_);
  output_.Clear();
  wallet_.Receive({.heard = kNow, .standings = {{"slots", limits::kAlways, Amount(2), {}, {}, {}}}}, kNow,
                  output_);
  const Part part{"slots", Unit::kConcurrent, Amount(1)};
  ASSERT_TRUE(wallet_.Reserve(Id(1), std::span(&part, 1), kNow, output_));
  output_.Clear();
  wallet_.Shift(seconds(3), kNow, output_);
  ASSERT_EQ(output_.returns.size(), 1u);
  EXPECT_EQ(wallet_.Uncovered(kNow + seconds(3)), std::vector{Id(1)});
}

}  // namespace
}  // namespace postern::wallet
