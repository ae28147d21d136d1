#include "agent/gate/settlement.h"

#include <gtest/gtest.h>

#include "shared/config/node.h"
#include "shared/pricing/price_file.h"
#include "tests/support/paths.h"

namespace postern::gate {
namespace {

class Settles : public ::testing::Test {
 protected:
  Settles()
      : prices_(*pricing::LoadPriceTable(*config::ParseFile(support::InSource("config/models.yaml")))) {}

  Settlement Settle(const dialect::AnswerFacts& answer, wire::Ending ending = wire::ENDING_COMPLETE,
                    uint32_t status = 200, wire::Call call = wire::CALL_MESSAGES) const {
    return SettleAnswer(answer, ending, status, call, "claude-opus-5", {}, prices_,
                        WallTime(std::chrono::days(20'780)));
  }

  // 1,000 tokens in at $5, 100 out at $25 the million: 5,000,000 + 2,500,000 nano-dollars.
  static dialect::AnswerFacts Whole() {
    dialect::AnswerFacts answer;
    answer.usage.input = 1000;
    answer.usage.output = 100;
    answer.usage_seen = answer.complete = true;
    answer.content_bytes = 30;
    return answer;
  }

  pricing::PriceTable prices_;
};

TEST_F(Settles, AWholeAnswerAtWhatTheProviderReports) {
  const Settlement settlement = Settle(Whole());
  EXPECT_TRUE(settlement.billed);
  EXPECT_FALSE(settlement.estimated);
  EXPECT_EQ(settlement.cost.nano_dollars, Amount(7'500'000));
}

TEST_F(Settles, AnErrorAndACountAtNothing) {
  EXPECT_FALSE(Settle(Whole(), wire::ENDING_COMPLETE, 529).billed);
  EXPECT_FALSE(Settle(Whole(), wire::ENDING_COMPLETE, 200, wire::CALL_COUNT_TOKENS).billed);
}

TEST_F(Settles, ACutAnswerByWhatWasSeenOfItAndSaysSo) {
  dialect::AnswerFacts cut = Whole();
  cut.complete = false;
  cut.usage.output = 1;  // what message_start said
  cut.content_bytes = 900;
  const Settlement settlement = Settle(cut, wire::ENDING_CLIENT_GONE);
  EXPECT_TRUE(settlement.estimated);
  EXPECT_EQ(settlement.usage.output, 300);
  EXPECT_EQ(settlement.cost.nano_dollars, Amount(5'000'000 + 300 * 25'000));
}

TEST_F(Settles, AnAnswerThatCouldNotBeReadIsNeverTakenForAFreeOne) {
  dialect::AnswerFacts unread = Whole();
  unread.unreadable = 1;
  EXPECT_TRUE(Settle(unread).estimated);
  dialect::AnswerFacts silent = Whole();
  silent.usage_seen = false;
  EXPECT_TRUE(Settle(silent).estimated);
}

// An answer that breaks off before it has said how long the prompt was: it was read all the same.
TEST_F(Settles, ACutAnswerThatSaidNothingOfItsPromptAtWhatWasExpected) {
  dialect::AnswerFacts cut;
  cut.events = 1;
  Expected expected;
  expected.prompt.cache_write_5m = 1'000;
  const Settlement settlement =
      SettleAnswer(cut, wire::ENDING_UPSTREAM_CUT, 200, wire::CALL_MESSAGES, "claude-opus-5", {}, prices_,
                   WallTime(std::chrono::days(20'780)), expected);
  EXPECT_TRUE(settlement.estimated);
  EXPECT_EQ(settlement.cost.nano_dollars, Amount(1'000 * 6'250));
}

TEST_F(Settles, AnAnswerOfWhichNothingCameAtNothing) {
  Expected expected;
  expected.prompt.input = 1'000;
  const Settlement settlement =
      SettleAnswer({}, wire::ENDING_UPSTREAM_CUT, 200, wire::CALL_MESSAGES, "claude-opus-5", {}, prices_,
                   WallTime(std::chrono::days(20'780)), expected);
  EXPECT_EQ(settlement.cost.nano_dollars, Amount());
}

TEST_F(Settles, WhatIsBilledAndNotSeenOfACutAnswerToo) {
  dialect::AnswerFacts cut = Whole();
  cut.complete = false;
  cut.content_bytes = 900;
  Expected expected;
  expected.billed_permille = 2'500;
  const Settlement settlement =
      SettleAnswer(cut, wire::ENDING_CLIENT_GONE, 200, wire::CALL_MESSAGES, "claude-opus-5", {}, prices_,
                   WallTime(std::chrono::days(20'780)), expected);
  EXPECT_EQ(settlement.usage.output, 750);
}

TEST_F(Settles, InEveryUnitARequestOnceItWasSent) {
  const limits::Amounts spent = SpentOf(Settle(Whole()), Sent::kYes);
  EXPECT_EQ(spent[limits::Unit::kUsd], Amount(7'500'000));
  EXPECT_EQ(spent[limits::Unit::kTokens], Amount(1'100));
  EXPECT_EQ(spent[limits::Unit::kRequests], Amount(1));
  EXPECT_EQ(SpentOf({}, Sent::kYes)[limits::Unit::kUsd], Amount());
  EXPECT_EQ(SpentOf({}, Sent::kNo)[limits::Unit::kRequests], Amount());
}

}  // namespace
}  // namespace postern::gate
