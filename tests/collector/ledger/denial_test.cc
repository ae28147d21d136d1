// What it takes to say no.
#include <gtest/gtest.h>

#include "tests/collector/ledger/ledgers.h"

namespace postern::ledger {
namespace {

using limits::Word;
using std::chrono::milliseconds;

TEST(Ledger, ADenialNeedsTwoRoundsWithoutAGrant) {
  Ledger ledger({}, Limits(10));
  Output output;
  ledger.Receive(kA, Want(1, "usd", 7), kNow, output);
  ledger.Receive(kB, Want(1, "usd", 7), kNow, output);
  const limits::Held all_reserved{"usd", kToday, {Amount(7), Amount(), Amount()}};
  WallTime now = kNow;
  for (int round = 1; round <= 2; ++round) {
    ASSERT_EQ(output.messages.back().answer.word, Word::kRecall) << round;
    const uint64_t recall = output.messages.back().answer.number;
    output.Clear();
    ledger.Receive(kA, limits::Return{recall, {all_reserved}}, now, output);
    if (round == 2) break;
    EXPECT_TRUE(output.messages.empty());
    now += milliseconds(5);
    ledger.Tick(now, output);
  }
  ASSERT_EQ(output.messages.size(), 1u);
  EXPECT_EQ(output.messages[0].to, kB);
  EXPECT_EQ(output.messages[0].answer.word, Word::kDenied);
  EXPECT_EQ(output.messages[0].answer.lacking, "usd");
  EXPECT_EQ(output.messages[0].answer.standings[0].left, Amount(3));
}

TEST(Ledger, WhatADemandSaysWasGivenBackAndHasNotComeIsAskedFor) {
  Ledger ledger({}, Limits(10));
  Output output;
  ledger.Receive(kA, Want(1, "usd", 5), kNow, output);
  // Of its five A gave back two, which was lost, and then spent six by an answer that was refused more.
  limits::Charge charge;
  charge.account = "usd";
  charge.window = kToday;
  charge.reserved = Amount(3);
  charge.amount = charge.used = Amount(6);
  ledger.Apply(kA, std::span(&charge, 1), kNow, output);
  limits::Demand demand = Want(2, "usd", 4);
  demand.claims[0].window = kToday;
  demand.claims[0].granted = Amount(5);
  demand.claims[0].returned = Amount(2);
  demand.claims[0].spare = Amount(-3);
  output.Clear();
  ledger.Receive(kA, demand, kNow, output);
  ASSERT_EQ(output.messages.size(), 1u);
  ASSERT_EQ(output.messages[0].answer.word, Word::kRecall);
  const uint64_t recall = output.messages[0].answer.number;
  output.Clear();
  ledger.Receive(kA, {recall, {{"usd", kToday, {Amount(5), Amount(6), Amount(2)}}}}, kNow, output);
  ASSERT_EQ(output.messages.size(), 1u);
  EXPECT_EQ(output.messages[0].answer.word, Word::kGranted);
}

TEST(Ledger, ADenialSaysHowTheAccountStoodWhenEverybodyHadAnswered) {
  Ledger ledger({}, Limits(10));
  Output output;
  ledger.Receive(kA, Want(1, "usd", 7), kNow, output);
  ledger.Receive(kB, Want(1, "usd", 2), kNow, output);
  ledger.Receive(kB, Want(2, "usd", 4), kNow, output);
  // B gives back what it has; A is asked twice, and doesn't answer the second time.
  ledger.Receive(kA, {output.messages.back().answer.number, {{"usd", kToday, {Amount(7), {}, {}}}}}, kNow,
                 output);
  ledger.Receive(kB, {output.messages.back().answer.number, {{"usd", kToday, {Amount(2), {}, Amount(2)}}}},
                 kNow, output);
  ledger.Tick(kNow + milliseconds(3), output);
  EXPECT_TRUE(output.proofs.empty());
  ledger.Tick(kNow + milliseconds(103), output);
  ASSERT_EQ(output.proofs.size(), 1u);
  const Proof& proof = output.proofs.front();
  EXPECT_EQ(proof.account, "usd");
  EXPECT_EQ(proof.began, kNow + milliseconds(3));
  EXPECT_EQ(proof.ended, kNow + milliseconds(103));
  EXPECT_EQ(proof.amount, Amount(10));
  ASSERT_EQ(proof.parts.size(), 1u);
  EXPECT_EQ(proof.parts[0].holder, kA);
  EXPECT_TRUE(proof.parts[0].is_out_of_reach);
  ASSERT_EQ(proof.denied.size(), 1u);
  EXPECT_EQ(proof.denied[0], std::pair(kB, uint64_t{2}));
}

TEST(Ledger, AnAnswerToARecallOfAFormerLifeProvesNothing) {
  const HoldingRecord held{kA, "usd", kToday, {Amount(7), {}, {}}, {}};
  Ledger ledger = Ledger::Restore({}, Limits(10), {}, {&held, 1}, WallTime::min(), kNow);
  Output output;
  // It answers what the collector asked before it was killed, and has a grant since of which it doesn't know.
  ledger.Receive(kA, {57, {{"usd", kToday, {Amount(2), {}, {}}}}}, kNow, output);
  ledger.Receive(kB, Want(1, "usd", 4), kNow, output);
  for (int ms = 0; ms < 150; ms += 5) ledger.Tick(kNow + milliseconds(ms), output);
  ASSERT_FALSE(output.proofs.empty());
  EXPECT_TRUE(output.proofs.front().parts[0].is_out_of_reach);
}

TEST(Ledger, AnAnswerThatTookLongSaysNothingOfWhatHasBecomeFreeSince) {
  Ledger ledger({}, Limits(10));
  Output output;
  const limits::Held all_reserved{"usd", kToday, {Amount(7), {}, {}}};
  ledger.Receive(kA, Want(1, "usd", 7), kNow, output);
  ledger.Receive(kB, Want(1, "usd", 4), kNow, output);
  const uint64_t first = output.messages.back().answer.number;
  for (int ms = 0; ms < 300; ms += 5) ledger.Tick(kNow + milliseconds(ms), output);
  const WallTime late = kNow + milliseconds(600);
  ledger.Receive(kA, {first, {all_reserved}}, late, output);
  output.Clear();
  ledger.Receive(kB, Want(2, "usd", 4), late, output);
  ASSERT_EQ(output.messages.back().answer.word, Word::kRecall);
  const uint64_t next = output.messages.back().answer.number;
  output.Clear();
  ledger.Receive(kA, {next, {all_reserved}}, late + milliseconds(1), output);
  EXPECT_TRUE(output.proofs.empty()) << "it may have stopped giving back before it was asked again";
  ledger.Tick(late + milliseconds(5), output);
  ASSERT_EQ(output.messages.back().answer.word, Word::kRecall);
  ledger.Receive(kA, {output.messages.back().answer.number, {all_reserved}}, late + milliseconds(6), output);
  EXPECT_EQ(output.proofs.size(), 1u);
}

TEST(Ledger, AnAnswerToARecallThatNobodyMadeProvesNothing) {
  Ledger ledger({}, Limits(10));
  Output output;
  ledger.Receive(kA, Want(1, "usd", 7), kNow, output);
  ledger.Receive(kA, {uint64_t{1} << 60, {{"usd", kToday, {Amount(7), {}, {}}}}}, kNow, output);
  ledger.Receive(kB, Want(1, "usd", 4), kNow, output);
  const uint64_t round = output.messages.back().answer.number;
  output.Clear();
  ledger.Receive(kA, {round, {{"usd", kToday, {Amount(7), {}, {}}}}}, kNow, output);
  EXPECT_TRUE(output.messages.empty());
  ledger.Tick(kNow + milliseconds(5), output);  // the second one
  ASSERT_EQ(output.messages.size(), 1u);
  EXPECT_EQ(output.messages[0].answer.word, Word::kRecall);
  EXPECT_EQ(output.messages[0].to, kA);
}

}  // namespace
}  // namespace postern::ledger
