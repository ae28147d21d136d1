// What one exchange may spend, with a real purse, a real record and a ledger.
#include "agent/gate/spending.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/agent/gate/spending_surroundings.h"

namespace postern::gate {
namespace {

using limits::Unit;
using purse::kDollar;
using testing::HasSubstr;

TEST_F(SpendingTest, ReservesWhatIsLikelyAndSettlesWhatItCost) {
  Begin({purse::LimitOf("ml", Unit::kUsd, 10 * kDollar)});
  RunSpending([](SpendingTest& test, Spender& one) -> http::Task<void> {
    Spending& spending = one.spending;
    const auto refusal = co_await one.Reserve();
    EXPECT_FALSE(refusal);
    EXPECT_EQ(test.BalanceOf("ml").reserved, Amount(2'000 * 5'000 + estimate::kFirstAnswer * 25'000));
    test.Intend(spending, 1);
    EXPECT_TRUE(spending.Settle(purse::Dollars(kDollar / 50), spool::Outcome(1)));
    EXPECT_EQ(test.BalanceOf("ml").reserved, Amount());
    EXPECT_EQ(test.BalanceOf("ml").counters.used, Amount(kDollar / 50));
  });
  Close();
  ASSERT_EQ(Outcomes().size(), 1U);
  EXPECT_EQ(Outcomes()[0].admission(), "estimated");
  ASSERT_EQ(Outcomes()[0].charges_size(), 1);
  EXPECT_EQ(Outcomes()[0].charges(0).amount(), kDollar / 50);
  EXPECT_EQ(Outcomes()[0].charges(0).reserved(), 2'000 * 5'000 + estimate::kFirstAnswer * 25'000);
}

TEST_F(SpendingTest, RefusesWhatIsMoreThanIsLeftAndReservesNothing) {
  Begin({purse::LimitOf("ml", Unit::kUsd, kDollar / 100)});
  RunSpending([](SpendingTest& test, Spender& one) -> http::Task<void> {
    const auto refusal = co_await one.Reserve();
    EXPECT_TRUE(refusal);
    if (!refusal) co_return;
    EXPECT_EQ(refusal->reason, Reason::kBudgetSpent);
    EXPECT_EQ(refusal->account, "ml");
    EXPECT_TRUE(refusal->resets.has_value());
    EXPECT_THAT(refusal->sentence, HasSubstr("Your team's budget \"ml\" of $0.01 a month"));
    EXPECT_EQ(test.purse_->in_flight(), 0U);
  });
}

// Told of the day, he would come back tomorrow and be refused again.
TEST_F(SpendingTest, OfADayAndAMonthThatAreSpentTheRefusalSpeaksOfTheMonth) {
  limits::Limit day = purse::LimitOf("ml-day", Unit::kUsd, kDollar / 100);
  day.span = limits::Span::kDay;
  limits::Limit month = purse::LimitOf("ml-month", Unit::kUsd, kDollar / 100);
  // By the calendar they end together once a month.
  day.frame = month.frame = limits::Frame::kRolling;
  Begin({day, month});
  RunSpending([](SpendingTest& test, Spender& one) -> http::Task<void> {
    const auto refusal = co_await one.Reserve();
    EXPECT_TRUE(refusal);
    if (!refusal) co_return;
    EXPECT_EQ(refusal->account, "ml-month");
    EXPECT_THAT(refusal->sentence, HasSubstr("\"ml-month\" of $0.01 a month"));
    EXPECT_GT(refusal->resets, WallNow() + std::chrono::hours(24 * 29));
    EXPECT_EQ(test.purse_->in_flight(), 0U);
  });
}

TEST_F(SpendingTest, GivesBackWhatWasReservedForAnExchangeThatNeverBegan) {
  Begin({purse::LimitOf("ml", Unit::kUsd, 10 * kDollar)});
  Run([](SpendingTest& test) -> http::Task<void> {
    {
      Spender one(test, 1);
      const auto refusal = co_await one.Reserve();
      EXPECT_FALSE(refusal);
      EXPECT_EQ(test.purse_->in_flight(), 1U);
    }
    EXPECT_EQ(test.purse_->in_flight(), 0U);
    EXPECT_EQ(test.BalanceOf("ml").counters.used, Amount());
  }(*this));
}

TEST_F(SpendingTest, ExtendsWhileTheAnswerStreamsAndWaitsOnlyWhereAllIsUsedUp) {
  Begin({purse::LimitOf("ml", Unit::kUsd, 10 * kDollar)});
  RunSpending([](SpendingTest& test, Spender& one) -> http::Task<void> {
    Spending& spending = one.spending;
    const auto refusal = co_await one.Reserve();
    EXPECT_FALSE(refusal);
    test.Intend(spending, 1);
    const Amount first = test.BalanceOf("ml").reserved;
    spending.See(Streamed(2'000, estimate::kFirstAnswer - 100));
    EXPECT_FALSE(spending.must_wait());
    co_await test.Until(one.strand, [&] { return test.BalanceOf("ml").reserved > first; });
    spending.See(Streamed(2'000, 3 * estimate::kFirstAnswer));
    EXPECT_TRUE(spending.must_wait());
    const bool goes_on = co_await spending.MayGoOn();
    EXPECT_TRUE(goes_on);
    EXPECT_FALSE(spending.must_wait());
    EXPECT_TRUE(spending.Settle(purse::Dollars(kDollar / 5), spool::Outcome(1)));
  });
  Close();
  ASSERT_EQ(Outcomes().size(), 1U);
  EXPECT_GE(Outcomes()[0].extensions(), 2U);
  EXPECT_EQ(metrics.extensions().granted, Outcomes()[0].extensions());
  EXPECT_GT(metrics.extensions().nano_dollars, Amount(estimate::kFirstAnswer * 25'000));
  EXPECT_EQ(metrics.extensions().tokens, Amount()) << "no limit counts them";
  EXPECT_EQ(Outcomes()[0].refused_extension(), "");
}

TEST_F(SpendingTest, EndsAnAnswerThatCantBeExtendedAfterTheLastOfTheBudgetIsUsed) {
  // A prompt for a cent, and some 3,500 tokens of answer.
  constexpr int64_t kBudget = 2'000 * 5'000 + 3'500 * 25'000;
  Begin({purse::LimitOf("ml", Unit::kUsd, kBudget)});
  RunSpending([](SpendingTest& test, Spender& one) -> http::Task<void> {
    Spending& spending = one.spending;
    const auto refusal = co_await one.Reserve();
    EXPECT_FALSE(refusal);
    test.Intend(spending, 1);
    bool goes_on = true;
    int64_t tokens = 0;
    while (goes_on && tokens < 10'000) {
      tokens += 10;
      spending.See(Streamed(2'000, tokens));
      if (spending.must_wait()) goes_on = co_await spending.MayGoOn();
    }
    EXPECT_FALSE(goes_on);
    // All but what a moment costs, and not more than a piece beyond.
    EXPECT_GE(tokens, 3'500 - 128);
    EXPECT_LE(tokens, 3'500 + 20);
    EXPECT_TRUE(spending.refusal().has_value());
    if (!spending.refusal()) co_return;
    EXPECT_EQ(spending.refusal()->reason, Reason::kBudgetSpent);
    EXPECT_THAT(spending.refusal()->sentence, HasSubstr("This answer was ended: Your team's budget \"ml\""));
    EXPECT_TRUE(spending.Settle(purse::Dollars(kBudget), spool::Outcome(1)));
  });
  Close();
  ASSERT_EQ(Outcomes().size(), 1U);
  EXPECT_EQ(Outcomes()[0].refused_extension(), "ml");
  EXPECT_GE(metrics.extensions().exhausted, 2U) << "a step, and then a moment";
}

TEST_F(SpendingTest, EndsAnAnswerOfflineOnceWhatIsHeldHereIsUsed) {
  Begin({purse::LimitOf("ml", Unit::kUsd, 10 * kDollar)});
  RunSpending([](SpendingTest& test, Spender& one) -> http::Task<void> {
    Spending& spending = one.spending;
    const auto refusal = co_await one.Reserve();
    EXPECT_FALSE(refusal);
    test.Intend(spending, 1);
    test.keeper_->is_reachable = false;
    spending.See(Streamed(2'000, 30'000));
    bool goes_on = true;
    while (goes_on && spending.must_wait()) goes_on = co_await spending.MayGoOn();
    EXPECT_FALSE(goes_on);
    EXPECT_EQ(spending.refusal()->reason, Reason::kOfflineSpent);
    EXPECT_THAT(spending.refusal()->sentence, HasSubstr("can't be reached"));
    EXPECT_TRUE(spending.Settle(purse::Dollars(kDollar), spool::Outcome(1)));
  });
}

TEST_F(SpendingTest, LooksAtNothingOfARequestThatOnlyCountsAsOne) {
  Begin({purse::LimitOf("rate", Unit::kRequests, 1)});
  body = "no JSON";
  RunSpending([](SpendingTest& test, Spender& one) -> http::Task<void> {
    Spending& spending = one.spending;
    const auto first = co_await one.Reserve();
    EXPECT_FALSE(first);
    test.Intend(spending, 1);
    spending.See(Streamed(2'000, 30'000));
    EXPECT_FALSE(spending.must_wait());
    Spender second(test, 2);
    const auto refusal = co_await second.Reserve();
    EXPECT_TRUE(refusal);
    // It is of a month.
    EXPECT_EQ(refusal ? refusal->reason : Reason::kNoKey, Reason::kLongRateLimit);
    EXPECT_TRUE(spending.Settle(purse::Dollars(0), spool::Outcome(1)));
  });
}

TEST_F(SpendingTest, ReservesTheWorstForAStrictLimitAndExtendsNothing) {
  Begin({Strict(10 * kDollar)});
  RunSpending([](SpendingTest& test, Spender& one) -> http::Task<void> {
    Spending& spending = one.spending;
    const auto refusal = co_await one.Reserve();
    EXPECT_FALSE(refusal);
    EXPECT_EQ(test.BalanceOf("ml").reserved, Amount((7'000 * 10'000 + 32'000 * int64_t{25'000}) * 11 / 10));
    EXPECT_FALSE(spending.lowered_max_tokens());
    test.Intend(spending, 1);
    spending.See(Streamed(7'000, 32'000));
    EXPECT_FALSE(spending.must_wait());
    EXPECT_TRUE(spending.Settle(purse::Dollars(kDollar / 5), spool::Outcome(1)));
  });
  Close();
  ASSERT_EQ(Outcomes().size(), 1U);
  EXPECT_EQ(Outcomes()[0].admission(), "strict");
}

TEST_F(SpendingTest, ShortensAnAnswerThatAStrictLimitHasTooLittleLeftFor) {
  // Room for the prompt and 8,000 tokens, not for 32,000.
  Begin({Strict((7'000 * 10'000 + 9'000 * int64_t{25'000}) * 11 / 10)});
  RunSpending([](SpendingTest&, Spender& one) -> http::Task<void> {
    Spending& spending = one.spending;
    const auto refusal = co_await one.Reserve();
    EXPECT_FALSE(refusal) << refusal->sentence;
    EXPECT_EQ(spending.lowered_max_tokens(), 8'000);
  });
}

TEST_F(SpendingTest, RefusesWhatAStrictLimitCantBound) {
  Begin({Strict(10 * kDollar)});
  Run([](SpendingTest& test) -> http::Task<void> {
    ExchangeFacts facts = test.Facts(1);
    facts.request.tools.push_back({"web_search", "web_search_20250305"});
    Spender one(test, facts);
    const auto refusal = co_await one.Reserve();
    EXPECT_TRUE(refusal);
    if (!refusal) co_return;
    EXPECT_EQ(refusal->reason, Reason::kUnboundedCost);
    EXPECT_THAT(refusal->sentence, HasSubstr("web search"));
  }(*this));
}

TEST_F(SpendingTest, WarnsWithHowMuchOfTheBudgetIsGone) {
  Begin({purse::LimitOf("ml", Unit::kUsd, 10 * kDollar)});
  Run([](SpendingTest& test) -> http::Task<void> {
    {
      Spender one(test, 1);
      const auto refusal = co_await one.Reserve();
      EXPECT_FALSE(refusal);
      test.Intend(one.spending, 1);
      EXPECT_TRUE(one.spending.Settle(purse::Dollars(8 * kDollar), spool::Outcome(1)));
    }
    Spender next(test, 2);
    const auto refusal = co_await next.Reserve();
    EXPECT_FALSE(refusal);
    bool warns = false;
    for (const OwnedHeader& header : next.spending.Warnings())
      warns =
          warns || header == OwnedHeader{"anthropic-ratelimit-unified-overage-surpassed-threshold", "0.75"};
    EXPECT_TRUE(warns);
  }(*this));
}

TEST_F(SpendingTest, WarnsOfABudgetThoughARateLimitIsNearerToItsEnd) {
  limits::Limit pace = purse::LimitOf("pace", Unit::kTokens, 10'000'000);
  pace.span = limits::Span::kMinute;
  Begin({purse::LimitOf("ml", Unit::kUsd, 10 * kDollar), purse::LimitOf("rate", Unit::kRequests, 2), pace});
  Run([](SpendingTest& test) -> http::Task<void> {
    {
      Spender one(test, 1);
      const auto refusal = co_await one.Reserve();
      EXPECT_FALSE(refusal);
      test.Intend(one.spending, 1);
      EXPECT_TRUE(one.spending.Settle(purse::Dollars(8 * kDollar), spool::Outcome(1)));
    }
    Spender next(test, 2);
    const auto refusal = co_await next.Reserve();
    EXPECT_FALSE(refusal);
    EXPECT_TRUE(next.spending.has_budget());
    bool warns = false;
    for (const OwnedHeader& header : next.spending.Warnings())
      warns =
          warns || header == OwnedHeader{"anthropic-ratelimit-unified-overage-surpassed-threshold", "0.75"};
    EXPECT_TRUE(warns);
  }(*this));
}

TEST_F(SpendingTest, WarnsNobodyOfAPace) {
  limits::Limit pace = purse::LimitOf("pace", Unit::kTokens, 10'000'000);
  pace.span = limits::Span::kMinute;
  Begin({pace, purse::LimitOf("rate", Unit::kRequests, 2)});
  Run([](SpendingTest& test) -> http::Task<void> {
    Spender one(test, 1);
    const auto refusal = co_await one.Reserve();
    EXPECT_FALSE(refusal);
    EXPECT_FALSE(one.spending.has_budget());
    EXPECT_TRUE(one.spending.Warnings().empty());
  }(*this));
}

TEST_F(SpendingTest, RefusesWhereALimitIsAndNobodyKeepsCount) {
  Begin({purse::LimitOf("ml", Unit::kUsd, 10 * kDollar)});
  Run([](SpendingTest& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    const ExchangeFacts facts = test.Facts(1);
    const SpendingGrounds grounds = test.Grounds();
    Spending spending(strand, nullptr, test.history, test.metrics, facts);
    const auto refusal = co_await spending.Reserve(grounds, test.json);
    EXPECT_TRUE(refusal);
  }(*this));
}

TEST_F(SpendingTest, LearnsFromAWholeAnswer) {
  Begin({purse::LimitOf("ml", Unit::kUsd, 10 * kDollar)});
  RunSpending([](SpendingTest& test, Spender& one) -> http::Task<void> {
    Spending& spending = one.spending;
    const auto refusal = co_await one.Reserve();
    EXPECT_FALSE(refusal);
    pricing::Usage usage;
    usage.input = 4'000;
    usage.output = 9'000;
    spending.Learn(usage, 27'000);
    EXPECT_EQ(test.history.LikelyAnswer("claude-opus-5"), 9'000);
    EXPECT_GT(test.history.LikelyPrompt("claude-opus-5", "", Weight(), estimate::kNoon).input, 2'000);
  });
}

}  // namespace
}  // namespace postern::gate
