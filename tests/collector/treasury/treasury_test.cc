#include "collector/treasury/treasury.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "collector/treasury/rows.h"
#include "tests/collector/treasury/desk.h"

namespace postern::treasury {
namespace {

using chronicle::Flaw;

const Holder kA{"a", 1};
const Holder kB{"b", 1};

TEST(Treasury, AGrantIsSaidOnceItsRowsAreOnTheDisk) {
  Desk desk;
  desk.Greet(kA);
  desk.treasury->Ask(kA, Want(1, 7));
  const uint64_t version = desk.store.stats().ledger;
  EXPECT_EQ(Said(desk.MustTurn()), "granted 7 to a/1");
  EXPECT_EQ(desk.store.stats().ledger, version + 1);
  desk.Open();
  EXPECT_EQ(desk.Told(), "spent 0, left 3, a/1 holds 7-0");
}

TEST(Treasury, ATurnInWhichNothingChangesWritesNothing) {
  Desk desk;
  desk.Greet(kA);
  desk.treasury->Ask(kA, Want(1, 7));
  desk.MustTurn();
  const uint64_t commits = desk.store.commits();
  desk.treasury->Hear(kA, kNow);
  desk.MustTurn();
  EXPECT_EQ(desk.Told(), "spent 0, left 3, a/1 holds 7-0");
  EXPECT_EQ(desk.store.commits(), commits);
}

TEST(Treasury, WhatAnEventWasChargedIsWrittenWithTheEvent) {
  Desk desk;
  desk.Greet(kA);
  desk.treasury->Ask(kA, Want(1, 7));
  desk.MustTurn();
  const uint64_t commits = desk.store.commits();
  desk.MustTurn({{kA, {Cost(3, 3)}}});
  EXPECT_EQ(desk.store.commits(), commits + 1);
  EXPECT_EQ(desk.store.stats().log_size, 1u);
  desk.Open();
  EXPECT_EQ(desk.Told(), "spent 3, left 3, a/1 holds 7-0");
}

// ── writes that fail ───────────────────────────────────────────────────────────────────────────────────────

TEST(Treasury, AGrantThatCouldNotBeWrittenIsNeverSaidAndNotHeld) {
  Desk desk;
  desk.Greet(kA);
  desk.MustTurn();
  desk.treasury->Ask(kA, Want(1, 7));
  desk.store.flaw = Flaw::kBefore;
  EXPECT_FALSE(desk.Turn());
  EXPECT_EQ(Said(desk.MustTurn()), "");
  EXPECT_EQ(desk.Told(), "");
  desk.treasury->Ask(kA, Want(1, 7));  // the wallet asks again
  EXPECT_EQ(Said(desk.MustTurn()), "granted 7 to a/1");
}

TEST(Treasury, AGrantThatWasWrittenThoughTheWriteFailedIsHeldAndSaidWhenItIsAskedForAgain) {
  Desk desk;
  desk.Greet(kA);
  desk.MustTurn();
  desk.treasury->Ask(kA, Want(1, 7));
  desk.store.flaw = Flaw::kAfter;
  EXPECT_FALSE(desk.Turn());
  EXPECT_EQ(desk.Told(), "spent 0, left 3, a/1 holds 7-0");
  desk.treasury->Ask(kA, Want(1, 7));
  EXPECT_EQ(Said(desk.MustTurn()), "granted 7 to a/1");
  EXPECT_EQ(desk.Told(), "spent 0, left 3, a/1 holds 7-0");
}

TEST(Treasury, ChargesOfAFailedWriteCountOnceHoweverItFailed) {
  for (const Flaw flaw : {Flaw::kBefore, Flaw::kAfter}) {
    Desk desk;
    desk.Greet(kA);
    desk.treasury->Ask(kA, Want(1, 7));
    desk.MustTurn();
    desk.store.flaw = flaw;
    EXPECT_FALSE(desk.Turn({{kA, {Cost(9, 9, 5)}}}));
    // Events that weren't stored come again; those that were are duplicates, and aren't settled.
    if (desk.store.stats().log_size == 0) desk.MustTurn({{kA, {Cost(9, 9, 5)}}});
    EXPECT_EQ(desk.store.stats().log_size, 1u);
    EXPECT_EQ(desk.Told(), "spent 9, left 1, a/1 holds 7-0");
    const auto rows = ReadRows(desk.store);
    ASSERT_EQ(rows->holdings.size(), 1u);
    EXPECT_EQ(rows->holdings[0].overspent, Amount(4));
  }
}

TEST(Treasury, RowsThatSomebodyElseHasWrittenAreReadBeforeAnythingIsGranted) {
  Desk desk;
  desk.Greet(kA);
  desk.MustTurn();
  store::Change other;
  other.ledger = {ToRow(ledger::HoldingRecord{
                      .holder = kB, .account = "usd", .window = Today(), .counters = {Amount(8), {}, {}}}),
                  ToRow(ledger::PoolRecord{.account = "usd", .window = Today()})};
  other.ledger_expected = desk.store.stats().ledger;
  ASSERT_TRUE(desk.store.real().Commit(other));
  desk.treasury->Ask(kA, Want(1, 7));
  const auto refused = desk.Turn();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kDenied);
  EXPECT_EQ(desk.Told(), "spent 0, left 2, b/1 holds 8-0");
  desk.treasury->Ask(kA, Want(1, 7));
  EXPECT_EQ(Said(desk.MustTurn()), "recall 8 to b/1");
}

TEST(Treasury, WhoseGreetingWasNotWrittenIsAskedForItAgain) {
  Desk desk;
  desk.Greet(kA);
  desk.treasury->Ask(kA, Want(1, 7));
  desk.store.flaw = Flaw::kBefore;
  EXPECT_FALSE(desk.Turn());
  desk.treasury->Ask(kA, Want(1, 7));
  const Proceeds proceeds = desk.MustTurn();
  EXPECT_EQ(proceeds.strangers, std::vector<Holder>{kA});
  EXPECT_EQ(Said(proceeds), "");
}

TEST(Treasury, WhoAsksIsToldOfAWriteThatFailed) {
  Desk desk;
  desk.Greet(kA);
  desk.treasury->Ask(kA, Want(1, 7));
  desk.MustTurn();
  desk.MustTurn({{kA, {Cost(3, 3)}}});
  desk.store.flaw = Flaw::kBefore;
  EXPECT_FALSE(desk.While([&] { return desk.treasury->Reset("usd"); }));
  EXPECT_EQ(desk.Told(), "spent 3, left 3, a/1 holds 7-0");
  EXPECT_TRUE(desk.While([&] { return desk.treasury->Reset("usd"); }));
  EXPECT_EQ(desk.Told(), "spent 3, left 6, a/1 holds 7-0");
}

TEST(Treasury, AfterItIsClosedNobodyWaits) {
  Desk desk;
  desk.treasury->Close();
  EXPECT_EQ(desk.treasury->Statements("").error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(desk.treasury->Forfeit("a").error().code, ErrorCode::kUnavailable);
}

// ── people ─────────────────────────────────────────────────────────────────────────────────────────────────

TEST(Treasury, WhatADeadAgentHoldsIsFreeOnceItIsForfeitedAndItIsGrantedNothingMore) {
  Desk desk;
  desk.Greet(kA);
  desk.treasury->Ask(kA, Want(1, 7));
  desk.MustTurn();
  desk.MustTurn({{kA, {Cost(3, 3)}}});
  ASSERT_TRUE(desk.While([&] { return desk.treasury->Forfeit("a"); }));
  EXPECT_EQ(desk.Told(), "spent 3, left 7, a/1 holds 7-4");
  desk.treasury->Ask(kA, Want(2, 1));  // what was under way, of the incarnation that is closed
  const Proceeds proceeds = desk.MustTurn();
  EXPECT_EQ(Said(proceeds), "");
  EXPECT_EQ(proceeds.strangers, std::vector<Holder>{kA});
  ASSERT_TRUE(desk.While([&] { return desk.treasury->Forfeit("a"); }));
  desk.Open();
  EXPECT_EQ(desk.Told(), "spent 3, left 7, a/1 holds 7-4");
}

TEST(Treasury, AnotherLimitCountsFromTheNextDemandOn) {
  Desk desk(10);
  desk.Greet(kA);
  desk.treasury->Ask(kA, Want(1, 7));
  desk.MustTurn();
  desk.treasury->SetTerms(TermsOf(20));
  desk.treasury->Ask(kA, Want(2, 20));
  EXPECT_EQ(Said(desk.MustTurn()), "granted 20 to a/1");
  EXPECT_EQ(desk.Told(), "spent 0, left 0, a/1 holds 20-0");
}

// ── backups ────────────────────────────────────────────────────────────────────────────────────────────────

TEST(Treasury, InANewEpochWhatIsNotHeldCountsAsSpentUntilAgentsHaveSaidWhatTheyHold) {
  Desk desk;
  desk.Greet(kA);
  desk.treasury->Ask(kA, Want(1, 3));
  desk.MustTurn();
  // The backup is of this moment. The collector that was lost has granted 4 more to a, and 2 to b.
  desk.Open(2);
  EXPECT_EQ(desk.Told(), "spent 0, left 0, a/1 holds 3-0");
  EXPECT_FALSE(desk.treasury->Doubt(kA, {.recall = 0, .held = {Holds(7, 0, 0)}})->has_value());
  desk.Greet(kA, {Holds(7, 0, 0)});
  desk.MustTurn();
  EXPECT_EQ(desk.Told(), "spent 0, left 0, a/1 holds 7-0");
  desk.treasury->GiveBack(kA, {.recall = 0, .held = {Holds(7, 0, 7)}});
  desk.MustTurn();
  EXPECT_EQ(desk.Told(), "spent 0, left 7, a/1 holds 7-7");
  // Once in the epoch: what it says from now on is held against what is known.
  EXPECT_TRUE(desk.treasury->Doubt(kA, {.recall = 0, .held = {Holds(9, 0, 7)}})->has_value());
  for (int life = 0; life < 2; ++life, desk.Open(2)) {
    desk.Greet(kB, {Holds(2, 0, 0)});
    desk.MustTurn();
    EXPECT_EQ(desk.Told(), "spent 0, left 7, a/1 holds 7-7, b/1 holds 2-0");
  }
}

TEST(Treasury, AStoreFromBeforeThereWasALedgerIsABackupWhereItsEpochWasNotedBeforeItWasRaised) {
  Desk fresh(10, 3);  // an upgrade: nothing was granted by anybody
  fresh.Greet(kA);
  fresh.treasury->Ask(kA, Want(1, 7));
  EXPECT_EQ(Said(fresh.MustTurn()), "granted 7 to a/1");

  chronicle::FlawedStore store;
  ASSERT_TRUE(NoteEpoch(store, 1));
  auto opened = Treasury::Open(store, 2, TermsOf(10), {.wall_now = [] { return kNow; }});
  ASSERT_TRUE(opened);
  EXPECT_EQ(ReadRows(store)->epoch->recovered, kNow);
  ASSERT_TRUE(NoteEpoch(store, 7));  // says nothing where there is one
  EXPECT_EQ(ReadRows(store)->epoch->epoch, 2u);
}

}  // namespace
}  // namespace postern::treasury
