#include "collector/treasury/rows.h"

#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "collector/store/memory_store.h"
#include "shared/base/hex.h"
#include "tests/support/paths.h"

namespace postern::treasury {
namespace {

const limits::Window kDay{WallTime(std::chrono::seconds(1'795'392'000)),
                          WallTime(std::chrono::seconds(1'795'478'400))};

ledger::PoolRecord Pool() {
  return {.account = "each-day/alice", .window = kDay, .forgiven = Amount(5), .unreported = Amount(9)};
}

ledger::HoldingRecord Holding() {
  return {.holder = {"a1", 7},
          .account = "each-day/alice",
          .window = kDay,
          .counters = {.granted = Amount(100), .used = Amount(40), .returned = Amount(3)},
          .overspent = Amount(2)};
}

store::Change ChangeOf(std::vector<store::LedgerRow> rows, uint64_t expected = 0) {
  store::Change change;
  change.ledger = std::move(rows);
  change.ledger_expected = expected;
  return change;
}

TEST(Rows, AreReadAsTheyWereWritten) {
  const auto store = store::MakeMemoryStore();
  const EpochRow epoch{.epoch = 2, .recovered = kDay.begin};
  ASSERT_TRUE(store->Commit(
      ChangeOf({ToRow(epoch), ToRow(Holding()), MetRow({"a1", 6}, 1), MetRow({"a1", 7}, 2), ToRow(Pool())})));
  const auto rows = ReadRows(*store);
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->version, 1u);
  EXPECT_EQ(rows->epoch->epoch, 2u);
  EXPECT_EQ(rows->epoch->recovered, kDay.begin);
  EXPECT_EQ(rows->met, (std::set<ledger::Holder>{{"a1", 7}}));  // of this epoch only
  ASSERT_EQ(rows->pools.size(), 1u);
  EXPECT_EQ(rows->pools[0].account, "each-day/alice");
  EXPECT_EQ(rows->pools[0].window, kDay);
  EXPECT_EQ(rows->pools[0].forgiven, Amount(5));
  EXPECT_EQ(rows->pools[0].unreported, Amount(9));
  ASSERT_EQ(rows->holdings.size(), 1u);
  EXPECT_EQ(rows->holdings[0].holder, (ledger::Holder{"a1", 7}));
  EXPECT_EQ(rows->holdings[0].window, kDay);
  EXPECT_EQ(rows->holdings[0].counters, Holding().counters);
  EXPECT_EQ(rows->holdings[0].overspent, Amount(2));
  EXPECT_EQ(*CheckRows(*store), std::vector<std::string>());
}

TEST(Rows, ErasedOnesAreGone) {
  const auto store = store::MakeMemoryStore();
  ASSERT_TRUE(store->Commit(ChangeOf({ToRow(Holding()), ToRow(Pool())})));
  ledger::HoldingRecord holding = Holding();
  holding.erased = true;
  ledger::PoolRecord pool = Pool();
  pool.erased = true;
  ASSERT_TRUE(store->Commit(ChangeOf({ToRow(holding), ToRow(pool)}, 1)));
  EXPECT_TRUE(store->ListLedger({}, 10)->rows.empty());
}

TEST(Rows, MoreThanAPageAreAllRead) {
  const auto store = store::MakeMemoryStore();
  std::vector<store::LedgerRow> rows;
  for (uint64_t i = 0; i < 2 * store::Store::kMaxPage + 1; ++i) {
    ledger::HoldingRecord holding = Holding();
    holding.holder.incarnation = i;
    rows.push_back(ToRow(holding));
  }
  ASSERT_TRUE(store->Commit(ChangeOf(std::move(rows))));
  EXPECT_EQ(ReadRows(*store)->holdings.size(), 2 * store::Store::kMaxPage + 1);
}

TEST(Rows, ThatNobodyWroteAreDamageAndCheckSaysSo) {
  const store::LedgerRow good = ToRow(Holding());
  store::LedgerRow cut = good;
  cut.value.pop_back();
  store::LedgerRow longer = good;
  longer.value += 'x';
  store::LedgerRow negative = ToRow(ledger::HoldingRecord{
      .holder = {"a1", 7}, .account = "usd", .window = kDay, .counters = {Amount(-1), {}, {}}});
  for (const store::LedgerRow& bad :
       {cut, longer, negative, store::LedgerRow{.key = "?"}, store::LedgerRow{.key = "e"},
        store::LedgerRow{.key = good.key.substr(0, 9), .value = good.value}}) {
    const auto store = store::MakeMemoryStore();
    ASSERT_TRUE(store->Commit(ChangeOf({bad})));
    EXPECT_EQ(ReadRows(*store).error().code, ErrorCode::kCorrupt) << ToHex(bad.key);
    EXPECT_EQ(CheckRows(*store)->size(), 1u);
  }
}

TEST(Rows, AHoldingWithoutItsWindowIsAProblem) {
  const auto store = store::MakeMemoryStore();
  ASSERT_TRUE(store->Commit(ChangeOf({ToRow(Holding())})));
  EXPECT_EQ(CheckRows(*store)->size(), 1u);
}

TEST(Rows, TheWorkedExampleIsTrue) {
  std::string example;
  for (const store::LedgerRow& row : {ToRow(EpochRow{.epoch = 2, .recovered = kDay.begin}), ToRow(Holding()),
                                      MetRow({"a1", 7}, 2), ToRow(Pool())})
    example += "    " + ToHex(row.key) + " → " + ToHex(row.value) + "\n";
  std::ifstream file(support::InSource("collector/treasury/README.md"));
  std::ostringstream readme;
  readme << file.rdbuf();
  EXPECT_NE(readme.str().find(example), std::string::npos) << example;
}

}  // namespace
}  // namespace postern::treasury
