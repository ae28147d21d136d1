// An agent that is asked to stop gives back what it holds. Where the collector doesn't take it, the agent
// ends all the same, and its next start says what it gave back.
#include <csignal>

#include <gtest/gtest.h>

#include "agent/spool/layout.h"
#include "agent/spool/record_key.h"
#include "agent/spool/wallet_rows.h"
#include "shared/kv/store.h"
#include "tests/end_to_end/budgeted.h"
#include "tests/end_to_end/furnished.h"
#include "tests/end_to_end/kept_money.h"

namespace postern::end_to_end {
namespace {

constexpr const char* kPolicy = "limits:\n  tight: {team: platform, usd: 100, per: month}\n";
constexpr int64_t kLimit = 100'000'000'000;
constexpr int64_t kCost = 10 * 20'000;  // of ten tokens of output

// What the collector says of the limit, in nano-dollars.
struct Stated {
  int64_t spent = 0;
  int64_t held = 0;
  int64_t left = 0;
};

Stated StateOf(const Keep& keep) {
  const json::Object limit = Object(keep.Done("GET", "/v1/limits/tight"));
  const auto list = limit.Require("accounts");
  CHECK(list);
  const auto accounts = list->AsList();
  CHECK(accounts && !accounts->empty());
  const auto account = accounts->front().AsOpenObject();
  CHECK(account);
  const auto number = [&](std::string_view name) {
    return account->OptionalInteger(name, 0, INT64_MAX)->value_or(-1);
  };
  return {number("spent"), number("held"), number("left")};
}

// What an agent that doesn't run holds by its own rows, and hasn't spent.
Amount SpareOf(const Host& host) {
  const auto store = kv::Store::OpenReadOnly(spool::StoreDirectory(host.state()), spool::StoreOptions());
  CHECK(store.has_value());
  spool::WalletRows rows;
  kv::Cursor cursor = (*store)->NewCursor(spool::kWallet);
  for (cursor.SeekToFirst(); cursor.valid(); cursor.Next()) {
    rows.incarnation = spool::ReadNumber(cursor.key());
    CHECK(spool::DecodeRow(cursor.key(), cursor.value(), rows).has_value());
  }
  CHECK(!rows.holdings.empty());
  Amount spare;
  for (const wallet::HoldingRecord& holding : rows.holdings)
    spare += holding.counters.granted - holding.counters.returned - holding.counters.used;
  return spare;
}

// A host that has spent a little and holds more.
void Spend(Budgeted& budgeted) {
  const auto answer = budgeted.host().Ask(
      StreamBody("[[postern text \"Here.\" input_tokens=0 cache_read=0 cache_write=0 output_tokens=10]]"));
  ASSERT_EQ(answer.status, 200);
  Keep& keep = budgeted.house().keep();
  ASSERT_TRUE(Eventually([&] { return StateOf(keep).spent == kCost; }));
  ASSERT_GT(StateOf(keep).held, 0);
}

void ExpectAllIsBack(Keep& keep) {
  EXPECT_TRUE(Eventually([&] { return StateOf(keep).held == 0; }));
  const Stated stated = StateOf(keep);
  EXPECT_EQ(stated.spent, kCost);
  EXPECT_EQ(stated.left, kLimit - kCost);
}

void ExpectBooksAgree(Keep& keep) {
  EXPECT_EQ(keep.Stop().code, 0);
  const KeptMoney money = ReadKeptMoney(keep.state());
  for (const std::string& problem : money.problems) ADD_FAILURE() << problem;
  EXPECT_EQ(money.charges, 1U);
}

// The next start says what the stop couldn't.
void ExpectTheNextStartSaysSo(Budgeted& budgeted) {
  EXPECT_EQ(SpareOf(budgeted.host()), Amount()) << "by its own books it holds nothing";
  budgeted.house().keep().Start();
  budgeted.host().StartAgent();
  ExpectAllIsBack(budgeted.house().keep());
  EXPECT_EQ(budgeted.host().StopAgent().code, 0);
  ExpectBooksAgree(budgeted.house().keep());
}

TEST(MeantStop, WhatAHostHoldsIsFreeForOthersOnceItHasStopped) {
  Budgeted budgeted(kPolicy);
  ASSERT_NO_FATAL_FAILURE(Spend(budgeted));
  EXPECT_EQ(budgeted.host().StopAgent().code, 0);
  ExpectAllIsBack(budgeted.house().keep());
  ExpectBooksAgree(budgeted.house().keep());
}

TEST(MeantStop, ACollectorThatFallsSilentInMidStopHoldsNobodyUpAndNothingIsLostOrMade) {
  Budgeted budgeted(kPolicy);
  ASSERT_NO_FATAL_FAILURE(Spend(budgeted));
  // It takes what is sent, and reads none of it any more.
  budgeted.house().keep().process().Signal(SIGSTOP);
  EXPECT_EQ(budgeted.host().StopAgent().code, 0);
  budgeted.house().keep().Kill();
  ExpectTheNextStartSaysSo(budgeted);
}

TEST(MeantStop, ACollectorThatIsGoneHoldsNobodyUpAndNothingIsLostOrMade) {
  Budgeted budgeted(kPolicy);
  ASSERT_NO_FATAL_FAILURE(Spend(budgeted));
  budgeted.house().keep().Kill();
  EXPECT_EQ(budgeted.host().StopAgent().code, 0);
  ExpectTheNextStartSaysSo(budgeted);
}

}  // namespace
}  // namespace postern::end_to_end
