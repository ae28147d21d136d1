// A limit that becomes another one while money of it is held and spent: wallet and ledger together.
#include "tests/agent/wallet/fleet.h"

namespace postern::wallet {
namespace {

using limits::Span;
using std::chrono::hours;

class ChangedLimits : public Fleet {
 protected:
  limits::Limit With(int64_t amount, Span span) const {
    limits::Limit limit = limit_;
    limit.amount = Amount(amount);
    limit.span = span;
    return limit;
  }
};

TEST_F(ChangedLimits, OfAMonthThatBecomesOneOfADayCountsAnewAtOnce) {
  Make(500, 2);
  ASSERT_TRUE(Reserve(0, 300, 1));
  ASSERT_TRUE(Finish(0, 300, 1));
  Change(With(100, Span::kDay));
  // Of the day nothing is spent, whatever the month has come to and whoever holds something of that.
  ASSERT_TRUE(Reserve(0, 60, 2));
  ASSERT_TRUE(Reserve(1, 40, 3));
  EXPECT_FALSE(Reserve(0, 1, 4));
  ASSERT_TRUE(Finish(0, 60, 2));
  EXPECT_EQ(StatementOf(Span::kDay)->spent, Amount(60));
  EXPECT_EQ(StatementOf(Span::kMonth)->spent, Amount(300));
  now_ += hours(24);
  EXPECT_TRUE(Reserve(1, 50, 5));
}

TEST_F(ChangedLimits, OfADayThatBecomesOneOfAMonthCountsAnewAtOnceAndForTheWholeMonth) {
  Make(100, 2);
  Change(With(100, Span::kDay));
  ASSERT_TRUE(Reserve(0, 100, 1));
  ASSERT_TRUE(Finish(0, 90, 1));
  Change(With(500, Span::kMonth));
  ASSERT_TRUE(Reserve(0, 300, 2));
  ASSERT_TRUE(Finish(0, 300, 2));
  EXPECT_EQ(StatementOf(Span::kMonth)->spent, Amount(300));
  EXPECT_EQ(StatementOf(Span::kDay)->spent, Amount(90));
  now_ += hours(24);
  EXPECT_TRUE(Reserve(1, 200, 3));
  EXPECT_FALSE(Reserve(0, 1, 4)) << "tomorrow is the same month";
}

TEST_F(ChangedLimits, WhatIsHeldOfTheFormerWindowIsNotSpentInTheNewOne) {
  Make(1'000, 1);
  // With recent spending something more is granted ahead.
  for (uint8_t i = 1; i <= 20; ++i) {
    ASSERT_TRUE(Reserve(0, 10, i));
    ASSERT_TRUE(Finish(0, 10, i));
  }
  ASSERT_GT(agents_[0].wallet.Find("team-month", now_)->counters.held(), Amount(200)) << "some is spare";
  Change(With(5, Span::kDay));
  EXPECT_FALSE(Reserve(0, 6, 30));
  ASSERT_TRUE(Reserve(0, 5, 31));
  EXPECT_FALSE(Reserve(0, 1, 32));
}

TEST_F(ChangedLimits, AnExchangeThatIsUnderWayIsSettledInTheWindowThatItWasAdmittedIn) {
  Make(500, 1);
  ASSERT_TRUE(Reserve(0, 50, 1));
  Change(With(100, Span::kDay));
  ASSERT_TRUE(Reserve(0, 10, 2));
  ASSERT_TRUE(Finish(0, 40, 1));
  ASSERT_TRUE(Finish(0, 10, 2));
  EXPECT_EQ(StatementOf(Span::kMonth)->spent, Amount(40));
  EXPECT_EQ(StatementOf(Span::kDay)->spent, Amount(10));
}

TEST_F(ChangedLimits, ARaiseIsGrantedUntilItsEndAndNothingBeyondTheLimitAfterwards) {
  Make(100, 1);
  ASSERT_TRUE(Reserve(0, 100, 1));
  ASSERT_TRUE(Finish(0, 100, 1));
  EXPECT_FALSE(Reserve(0, 1, 2));
  limits::Limit raised = limit_;
  raised.raise = limits::Raise{Amount(50), now_ + hours(2)};
  Change(raised);
  EXPECT_FALSE(Reserve(0, 51, 3));
  ASSERT_TRUE(Reserve(0, 30, 4));
  ASSERT_TRUE(Finish(0, 30, 4));
  // Nobody has to do anything for it to end.
  now_ = raised.raise->until;
  Settle();
  EXPECT_FALSE(Reserve(0, 1, 5));
  EXPECT_EQ(StatementOf(Span::kMonth)->left, Amount(-30));
  now_ += hours(24 * 31);
  EXPECT_TRUE(Reserve(0, 100, 6)) << "of another month nothing is spent";
}

TEST_F(ChangedLimits, OneThatIsLoweredBelowWhatWasSpentGrantsNothingAndTakesWhatIsIdleBack) {
  Make(1'000, 2);
  ASSERT_TRUE(Reserve(0, 200, 1));
  ASSERT_TRUE(Finish(0, 50, 1));
  Change(With(40, Span::kMonth));
  Settle();
  EXPECT_EQ(StatementOf(Span::kMonth)->left, Amount(-10)) << "150 lay idle at the agent";
  EXPECT_FALSE(Reserve(0, 1, 2));
  EXPECT_FALSE(Reserve(1, 1, 3));
  Change(With(60, Span::kMonth));
  EXPECT_TRUE(Reserve(1, 10, 4)) << "what was spent stays spent, and no more than that";
}

TEST_F(ChangedLimits, OneThatIsRemovedAndComesBackInItsWindowHasCountedOn) {
  Make(100, 2);
  ASSERT_TRUE(Reserve(0, 60, 1));
  ASSERT_TRUE(Finish(0, 20, 1));
  ASSERT_TRUE(Reserve(1, 30, 2));
  const limits::Limit same = limit_;
  SetLimits({});
  // What was under way when it went is settled all the same.
  ASSERT_TRUE(Finish(1, 30, 2));
  Change(same);
  EXPECT_EQ(StatementOf(Span::kMonth)->spent, Amount(50));
  ASSERT_TRUE(Reserve(1, 50, 3)) << "what agent 0 holds idle is called back";
  EXPECT_FALSE(Reserve(0, 1, 4));
}

}  // namespace
}  // namespace postern::wallet
