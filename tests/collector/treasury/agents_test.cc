// What agents claim of money, and what a treasury makes of it.
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "tests/collector/treasury/desk.h"

namespace postern::treasury {
namespace {

const Holder kA{"a", 1};
const Holder kB{"b", 1};

TEST(Treasury, NobodyIsHeldUpByAClaimToHoldWhatWasNeverGranted) {
  Desk desk;
  desk.Greet(kA);
  desk.Greet(kB);
  desk.MustTurn();
  desk.treasury->GiveBack(kA, {.recall = 0, .held = {Holds(1'000'000, 0, 0)}});
  limits::Demand demand = Want(1, 5);
  demand.claims[0].window = Today();
  demand.claims[0].granted = Amount(1'000'000);
  desk.treasury->Ask(kA, demand);
  desk.treasury->Ask(kB, Want(1, 10));
  const Proceeds proceeds = desk.MustTurn();
  EXPECT_EQ(Said(proceeds), "granted 10 to b/1");
  EXPECT_EQ(proceeds.strangers, std::vector<Holder>{kA});
  ASSERT_EQ(proceeds.alarms.size(), 2u);
  EXPECT_EQ(proceeds.alarms[0].trouble, ledger::Trouble::kRestored);
  // At the Hello that it is asked for, it gets another incarnation.
  EXPECT_TRUE(desk.treasury->Doubt(kA, {.recall = 0, .held = {Holds(1'000'000, 0, 0)}})->has_value());
  EXPECT_FALSE(desk.treasury->Doubt(kB, {.recall = 0, .held = {Holds(10, 0, 0)}})->has_value());
}

TEST(Treasury, AbsurdNumbersAreAnAlarmAndNothingElse) {
  Desk desk;
  desk.Greet(kA);
  desk.MustTurn();
  constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();
  limits::Demand demand = Want(1, kHuge);
  desk.treasury->Ask(kA, demand);
  demand = Want(2, 1);
  demand.claims[0].window = limits::Window{WallTime::min(), WallTime::max() - std::chrono::nanoseconds(1)};
  desk.treasury->Ask(kA, demand);
  desk.treasury->GiveBack(kA, {.recall = 3, .held = {Holds(-1, -1, kHuge)}});
  EXPECT_EQ(desk.MustTurn().alarms.size(),
            2u);  // of a window that nobody was granted anything of nothing is believed
  limits::Charge far = Cost(1, 1);
  far.window = {WallTime::max() - std::chrono::seconds(1), WallTime::max()};
  EXPECT_EQ(desk.MustTurn({{kA, {Cost(-5, kHuge), far, Cost(kHuge, kHuge)}}}).alarms.size(), 3u);
  EXPECT_EQ(desk.Told(), "");
}

TEST(Treasury, SpendingBeyondWhatWasGrantedIsCountedAndAnAlarm) {
  Desk desk;
  desk.Greet(kA);
  const Proceeds proceeds = desk.MustTurn({{kA, {Cost(12, 12)}}});
  ASSERT_EQ(proceeds.alarms.size(), 1u);
  EXPECT_EQ(proceeds.alarms[0].trouble, ledger::Trouble::kBeyond);
  EXPECT_EQ(desk.Told(), "spent 12, left -2, a/1 holds 0-0");
}

TEST(Treasury, AnOlderWalletIsFoundOutAtItsHello) {
  Desk desk;
  desk.Greet(kA);
  desk.treasury->Ask(kA, Want(1, 7));
  desk.MustTurn();
  desk.treasury->GiveBack(kA, {.recall = 0, .held = {Holds(7, 0, 4)}});
  desk.MustTurn();
  EXPECT_FALSE(desk.treasury->Doubt(kA, {.recall = 0, .held = {Holds(7, 0, 4)}})->has_value());
  EXPECT_TRUE(desk.treasury->Doubt(kA, {.recall = 0, .held = {Holds(7, 0, 0)}})->has_value());
  EXPECT_TRUE(desk.treasury->Doubt(kA, {.recall = 0, .held = {}})->has_value());
}

TEST(Treasury, WhatAReturnThatWasLostSaidIsInTheNextHello) {
  Desk desk;
  desk.Greet(kA);
  desk.treasury->Ask(kA, Want(1, 7));
  desk.MustTurn();
  desk.Greet(kA, {Holds(7, 0, 4)});
  EXPECT_EQ(Said(desk.MustTurn()), "granted 7 to a/1");  // what it was granted is said again
  EXPECT_EQ(desk.Told(), "spent 0, left 7, a/1 holds 7-4");
}

TEST(Treasury, SlotsOfASilentAgentAreFreeAfterTheirLeaseAndThoseOfOneThatIsHeardAreNot) {
  Desk desk;
  for (const Holder& holder : {kA, kB}) {
    desk.Greet(holder);
    desk.treasury->Ask(holder, Want(1, 2, "slots"));
  }
  desk.MustTurn();
  EXPECT_EQ(desk.Told("slots"), "spent 0, left 0, a/1 holds 2-0, b/1 holds 2-0");
  for (int i = 0; i < 12; ++i) {
    desk.now += std::chrono::seconds(5);
    desk.treasury->Hear(kB, desk.now);
    desk.MustTurn();
  }
  EXPECT_EQ(desk.Told("slots"), "spent 0, left 2, a/1 holds 2-2, b/1 holds 2-0");
}

}  // namespace
}  // namespace postern::treasury
