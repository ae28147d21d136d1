// How others get money wrong, each a test of wallet and ledger together.
#include "tests/agent/wallet/fleet.h"

namespace postern::wallet {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Bifrost: at $9.99 of $10 any number of requests pass at once, since nothing is reserved.
TEST_F(Fleet, BifrostLetsEverybodyPassAtTheLastCentWeLetOnePass) {
  Make(1'000, 1);
  ASSERT_TRUE(Reserve(0, 999, 0));
  ASSERT_TRUE(Finish(0, 999, 0));
  int passed = 0;
  for (uint8_t i = 1; i <= 20; ++i) passed += Reserve(0, 1, i) ? 1 : 0;
  EXPECT_EQ(passed, 1);
}

// Bifrost: several open-source nodes each count alone. LiteLLM #33325: counters per process.
TEST_F(Fleet, NodesThatCountAloneSpendTheLimitOftenOursSpendItOnce) {
  Make(100, 5);
  int passed = 0;
  for (uint8_t i = 0; i < 60; ++i) passed += Reserve(i % 5, 10, i) ? 1 : 0;
  EXPECT_EQ(passed, 10);
}

// LiteLLM #40095, #34732: many first requests at once pass together.
TEST_F(Fleet, LiteLlmLetsTheFirstRequestsPassTogetherOursAreCountedFromTheFirst) {
  Make(25, 8);
  int passed = 0;
  for (uint8_t i = 0; i < 8; ++i) passed += Reserve(i, 10, i) ? 1 : 0;
  EXPECT_EQ(passed, 2);
}

// LiteLLM pull request 38647: a reservation of the worst case blocks a fresh budget of $25 for coding agents.
TEST_F(Fleet, AFreshBudgetIsNotBlockedByWorstCasesButSpentToItsEnd) {
  Make(25'000, 3);
  // An estimate of 40 cents each, of which a quarter is spent: the rest serves others.
  int64_t spent = 0;
  for (int i = 0; i < 1'000; ++i) {
    const size_t agent = static_cast<size_t>(i) % 3;
    if (!Reserve(agent, 400, static_cast<uint8_t>(i % 250))) break;
    ASSERT_TRUE(Finish(agent, 100, static_cast<uint8_t>(i % 250)));
    ExchangeId id;
    id.bytes[14] = static_cast<uint8_t>(agent);
    id.bytes[15] = static_cast<uint8_t>(i % 250);
    admitted_.erase(id);
    spent += 100;
  }
  EXPECT_GE(spent, 24'600);
  EXPECT_LE(spent, 25'000);
  EXPECT_EQ(Spent(), spent);
}

// LiteLLM #36926, #30460: phantom holds that are never released.
TEST_F(Fleet, AfterQuietNothingIsReserved) {
  Make(100, 2);
  for (uint8_t i = 0; i < 4; ++i) ASSERT_TRUE(Reserve(i % 2, 20, i));
  for (uint8_t i = 0; i < 4; ++i) ASSERT_TRUE(Finish(i % 2, 5, i));
  for (Agent& agent : agents_)
    for (const auto& [account, balance] : agent.wallet.Balances()) EXPECT_EQ(balance.reserved, Amount(0));
  // All that was not spent can be had in one piece, wherever it lay.
  EXPECT_TRUE(Reserve(1, 80, 9));
}

// LiteLLM #27735: stale spend refuses while money is left.
TEST_F(Fleet, MoneyThatLiesIdleElsewhereIsFetchedBeforeAnybodyIsRefused) {
  Make(100, 2);
  ASSERT_TRUE(Reserve(0, 90, 1));
  ASSERT_TRUE(Finish(0, 10, 1));
  EXPECT_TRUE(Reserve(1, 90, 1));
  EXPECT_FALSE(Reserve(0, 1, 2));
}

// LiteLLM #13245: cost is lost when the client disconnects. Here what was streamed is settled as everything
// else.
TEST_F(Fleet, AClientThatDisconnectsIsBilledWhatWasStreamed) {
  Make(100, 1);
  ASSERT_TRUE(Reserve(0, 40, 1));
  ASSERT_TRUE(Finish(0, 17, 1));
  EXPECT_EQ(Spent(), 17);
}

// The client's retry after a cut isn't billed twice: an exchange is settled once.
TEST_F(Fleet, AnExchangeIsSettledOnce) {
  Make(100, 1);
  ASSERT_TRUE(Reserve(0, 40, 1));
  ASSERT_TRUE(Finish(0, 17, 1));
  const Status again = Finish(0, 17, 1);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(Spent(), 17);
}

// The vendor's own gateway: 40 parallel requests at 53 % of the cap all passed and ended at 173 %.
TEST_F(Fleet, FortyAtOnceAtHalfOfTheCapStayBelowIt) {
  Make(1'000, 1);
  ASSERT_TRUE(Reserve(0, 530, 200));
  ASSERT_TRUE(Finish(0, 530, 200));
  int passed = 0;
  for (uint8_t i = 0; i < 40; ++i) passed += Reserve(0, 30, i) ? 1 : 0;
  EXPECT_EQ(passed, 15);
  for (uint8_t i = 0; i < 15; ++i) ASSERT_TRUE(Finish(0, 30, i));
  EXPECT_EQ(Spent(), 980);
}

}  // namespace
}  // namespace postern::wallet
