#include "agent/spool/chains.h"

#include <gtest/gtest.h>

namespace postern::spool {
namespace {

wire::Head HeadOf(uint8_t byte) {
  wire::Head head{};
  head.fill(byte);
  return head;
}

// 40 events of incarnation 1, 17 of 2, 5 of 3, the present one.
Chains ThreeChains() {
  Chains chains({{1, 40, HeadOf(1)}, 1});
  chains.Begin(2, 41);
  chains.Advance(17, HeadOf(2));
  chains.Begin(3, 58);
  chains.Advance(5, HeadOf(3));
  return chains;
}

TEST(Chains, KnowTheirEndsInOrder) {
  const Chains chains = ThreeChains();
  EXPECT_EQ(chains.Ends(), (std::vector<Mark>{{1, 40, HeadOf(1)}, {2, 17, HeadOf(2)}, {3, 5, HeadOf(3)}}));
  EXPECT_EQ(chains.present().end.incarnation, 3u);
  EXPECT_EQ(chains.After(1)->end.incarnation, 2u);
  EXPECT_EQ(chains.After(3), nullptr);
  EXPECT_EQ(chains.Find(9), nullptr);
}

TEST(Chains, WhatIsUnacknowledgedBeginsWithTheFirstHole) {
  Chains chains = ThreeChains();
  EXPECT_EQ(chains.FirstUnacknowledged(), 1u);
  EXPECT_EQ(chains.CountUnacknowledged(), 62u);
  ASSERT_TRUE(chains.Acknowledge(2, 17));
  EXPECT_EQ(chains.FirstUnacknowledged(), 1u);
  ASSERT_TRUE(chains.Acknowledge(1, 40));
  EXPECT_EQ(chains.FirstUnacknowledged(), 58u);
  ASSERT_TRUE(chains.Acknowledge(3, 5));
  EXPECT_EQ(chains.FirstUnacknowledged(), 63u);
  EXPECT_EQ(chains.CountUnacknowledged(), 0u);
}

TEST(Chains, AnOlderMarkChangesNothingAndATooLongOneIsRefused) {
  Chains chains = ThreeChains();
  ASSERT_TRUE(chains.Acknowledge(1, 30));
  ASSERT_TRUE(chains.Acknowledge(1, 20));
  EXPECT_EQ(chains.FirstUnacknowledged(), 31u);
  EXPECT_FALSE(chains.Acknowledge(1, 41));
  EXPECT_FALSE(chains.Acknowledge(7, 1));
}

TEST(Chains, ThoseWithoutEventsAreForgottenButForThePresentOne) {
  Chains chains = ThreeChains();
  EXPECT_TRUE(chains.Trim(40).empty());
  EXPECT_EQ(chains.Trim(58), (std::vector<uint64_t>{1, 2}));
  EXPECT_TRUE(chains.Trim(63).empty());
  EXPECT_EQ(chains.all().size(), 1u);
}

}  // namespace
}  // namespace postern::spool
