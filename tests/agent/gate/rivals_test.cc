// How others get money wrong at the gate, each a test of ours. (Of wallet and ledger: tests/agent/wallet; of
// a running gate, such as streams that are never cut: tests/end_to_end/budgets_test.cc.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/dialect/answer_meter.h"
#include "agent/gate/settlement.h"
#include "tests/agent/gate/spending_surroundings.h"

namespace postern::gate {
namespace {

using limits::Unit;
using purse::kDollar;

// What a stream with these usage objects costs.
Settlement SettledStream(std::string_view start_usage, std::string_view delta_usage) {
  dialect::JsonCursor json;
  dialect::AnswerMeter meter("text/event-stream", json);
  const auto event = [&meter](std::string_view name, const std::string& members) {
    meter.Feed("event: " + std::string(name) + "\ndata: {\"type\":\"" + std::string(name) + "\"" + members +
               "}\n\n");
  };
  event("message_start", R"(,"message":{"id":"m","usage":)" + std::string(start_usage) + "}");
  event("message_delta", R"(,"delta":{"stop_reason":"end_turn"},"usage":)" + std::string(delta_usage));
  event("message_stop", "");
  meter.Finish();
  return SettleAnswer(meter.facts(), 200, wire::CALL_MESSAGES, "claude-opus-5", {}, estimate::Published(),
                      estimate::kNoon);
}

// LiteLLM #11789: cache reads of streams are billed as input. Here 0.50 a million, not 5.
TEST(Rivals, LiteLlmBillsStreamedCacheReadsAsInputOursAreReads) {
  const Settlement settled = SettledStream(
      R"({"input_tokens":0,"cache_read_input_tokens":1000000,"output_tokens":0})", R"({"output_tokens":0})");
  EXPECT_EQ(settled.cost.nano_dollars, Amount(kDollar / 2));
}

// LiteLLM #42663: what server tools write to the cache on their way is priced once, at what the answer began
// with.
TEST(Rivals, LiteLlmPricesTheFirstCacheWriteAloneOursAllOfThem) {
  const Settlement settled = SettledStream(
      R"({"input_tokens":0,"cache_creation_input_tokens":1000,"output_tokens":0})",
      R"({"cache_creation_input_tokens":9000,"server_tool_use":{"web_search_requests":2},"output_tokens":0})");
  EXPECT_EQ(settled.cost.nano_dollars, Amount(9'000 * 6'250 + 2 * 10'000'000));
}

// Bifrost #3451: the sum of what was written and its two parts are added up.
TEST(Rivals, BifrostCountedCacheCreationTwiceOursIsCountedOnce) {
  const Settlement settled = SettledStream(
      R"({"input_tokens":0,"cache_creation_input_tokens":3000,"cache_creation":{"ephemeral_5m_input_tokens":1000,"ephemeral_1h_input_tokens":2000},"output_tokens":0})",
      R"({"output_tokens":0})");
  EXPECT_EQ(settled.cost.nano_dollars, Amount(1'000 * 6'250 + 2'000 * 10'000));
}

// Bifrost #3357: the bill is a quarter above the meter, which takes what is written to the cache for input.
TEST(Rivals, BifrostsBillIsAQuarterAboveItsMeterOursIsTheBill) {
  const Settlement settled =
      SettledStream(R"({"input_tokens":0,"cache_creation_input_tokens":1000000,"output_tokens":0})",
                    R"({"output_tokens":0})");
  EXPECT_EQ(settled.cost.nano_dollars, Amount(6'250'000'000));
}

// Bifrost: an unknown price is $0, so the budget never moves. LiteLLM #35524: what can't be estimated isn't
// reserved.
TEST_F(SpendingTest, OthersLetPassWhatTheyCantPriceOursIsRefused) {
  Begin({purse::LimitOf("ml", Unit::kUsd, 10 * kDollar)});
  Run([](SpendingTest& test) -> http::Task<void> {
    ExchangeFacts facts = test.Facts(1);
    facts.request.model = "claude-nobody";
    Spender one(test, facts);
    const auto refusal = co_await one.Reserve();
    EXPECT_EQ(refusal ? refusal->reason : Reason::kNoKey, Reason::kUnknownModel);
    EXPECT_EQ(test.purse_->in_flight(), 0U);
  }(*this));
}

// LiteLLM #26672, #23714: some keys bypass the limit of their team.
TEST_F(SpendingTest, LiteLlmHasKeysThatBypassALimitOursMeetItAll) {
  Begin({purse::LimitOf("ml", Unit::kUsd, kDollar / 10)});
  Run([](SpendingTest& test) -> http::Task<void> {
    int refused = 0;
    std::vector<ExchangeFacts> all;
    for (uint64_t i = 0; i < 4; ++i) all.push_back(test.Facts(i + 1));
    all[1].identity.key = KeyId{"another"};
    all[2].identity.key.reset();  // an OS user
    all[3].identity.principal.user = "somebody else";
    Spender first(test, all[0]);
    const auto none = co_await first.Reserve();
    EXPECT_FALSE(none);  // what is left is less than another one needs
    for (size_t i = 1; i < all.size(); ++i) {
      Spender spender(test, all[i]);
      const auto refusal = co_await spender.Reserve();
      refused += refusal ? 1 : 0;
    }
    EXPECT_EQ(refused, 3);
  }(*this));
}

// The vendor's gateway: where its store can't be reached it lets everybody pass, by default.
TEST_F(SpendingTest, TheVendorsGatewayFailsOpenOursFailsClosed) {
  Begin({purse::LimitOf("ml", Unit::kUsd, 10 * kDollar)});
  RunSpending([](SpendingTest& test, Spender& one) -> http::Task<void> {
    test.keeper_->is_reachable = false;
    const auto refusal = co_await one.Reserve();
    EXPECT_TRUE(refusal.has_value());
    EXPECT_EQ(test.purse_->in_flight(), 0U);
  });
}

// LiteLLM #36926, #30460: what was held for an exchange that ended badly is held for ever.
TEST_F(SpendingTest, LiteLlmHasPhantomHoldsOursAreFreedHoweverAnExchangeEnds) {
  Begin({purse::LimitOf("ml", Unit::kUsd, 10 * kDollar)});
  Run([](SpendingTest& test) -> http::Task<void> {
    {
      // One that ends before it begins, one whose provider fails.
      Spender given_up(test, 1);
      const auto first = co_await given_up.Reserve();
      EXPECT_FALSE(first);
      Spender failed(test, 2);
      const auto second = co_await failed.Reserve();
      EXPECT_FALSE(second);
      test.Intend(failed.spending, 2);
      EXPECT_TRUE(failed.spending.Settle(SpentOf({}, Sent::kYes), spool::Outcome(2)));
    }
    EXPECT_EQ(test.BalanceOf("ml").reserved, Amount());
    EXPECT_EQ(test.BalanceOf("ml").counters.used, Amount());
  }(*this));
}

// Bifrost: refusals without retry-after, of type api_error, which makes the client try on.
TEST(Rivals, BifrostsRefusalsAreTriedAgainOursSayHowLongOrThatItIsFinal) {
  for (const Reason reason :
       {Reason::kBudgetSpent, Reason::kOfflineSpent, Reason::kUnboundedCost, Reason::kLongRateLimit}) {
    EXPECT_EQ(TypeOf(reason), "billing_error") << Name(reason);
    const http::Answer answer = Render({reason, "x"}, "req_1");
    bool is_final = false;
    for (const http::Header& header : answer.headers)
      is_final = is_final || (header.name == "x-should-retry" && header.value == "false");
    EXPECT_TRUE(is_final) << Name(reason);
  }
}

}  // namespace
}  // namespace postern::gate
