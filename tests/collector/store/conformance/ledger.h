// Of every engine: the ledger's rows, and that nobody writes them who has worked on others.
#pragma once

#include <string>
#include <vector>

#include "tests/collector/store/conformance/fixture.h"

namespace postern::store {

template <class Engine>
class StoreLedger : public StoreConformance<Engine> {
 protected:
  static LedgerRow Row(const std::string& key, const std::string& value) {
    return {.key = key, .value = value};
  }
  static LedgerRow Erased(const std::string& key) { return {.key = key, .erased = true}; }
  static Change ChangeOf(std::vector<LedgerRow> rows, uint64_t expected) {
    Change change;
    change.ledger = std::move(rows);
    change.ledger_expected = expected;
    return change;
  }
  // "a=1 b=2", in pages of this size.
  std::string Rows(size_t page_size = 1000) {
    std::string all;
    std::optional<Cursor> cursor;
    do {
      const LedgerPage page = Must(this->store().ListLedger(cursor, page_size));
      for (const LedgerRow& row : page.rows) {
        EXPECT_FALSE(row.erased);
        all += (all.empty() ? "" : " ") + row.key + "=" + row.value;
      }
      cursor = page.next;
    } while (cursor);
    return all;
  }
};

TYPED_TEST_SUITE_P(StoreLedger);

TYPED_TEST_P(StoreLedger, RowsAreWrittenReplacedAndErasedWithTheEventsOfTheSameChange) {
  EXPECT_EQ(Must(this->store().ListLedger({}, 10)).version, 0u);
  Change change = Writer("agentone", 7).Add().Take();
  change.ledger = {this->Row("a", "1"), this->Row("b", "2"), this->Row("c", "3")};
  EXPECT_EQ(this->MustCommit(change).ledger, 1u);
  EXPECT_EQ(this->MustCommit(this->ChangeOf({this->Row("a", "4"), this->Erased("b")}, 1)).ledger, 2u);
  for (int life = 0; life < 2; ++life, this->engine_.Reopen()) {
    EXPECT_EQ(this->Rows(), "a=4 c=3");
    EXPECT_EQ(this->store().stats().ledger, 2u);
    EXPECT_EQ(this->store().stats().log_size, 1u);
  }
  this->ExpectSound();
}

TYPED_TEST_P(StoreLedger, AChangeThatRestsOnOtherRowsIsRefusedWithItsEvents) {
  this->MustCommit(this->ChangeOf({this->Row("a", "1")}, 0));
  for (const uint64_t expected : {0, 2}) {
    Change change = Writer("agentone", 7).Add().Take();
    change.ledger = {this->Row("a", "2")};
    change.ledger_expected = expected;
    EXPECT_EQ(this->Refusal(change), ErrorCode::kDenied);
  }
  EXPECT_EQ(this->Rows(), "a=1");
  EXPECT_EQ(this->store().stats().log_size, 0u);
}

TYPED_TEST_P(StoreLedger, AChangeWithoutRowsExpectsNothingOfThem) {
  this->MustCommit(this->ChangeOf({this->Row("a", "1")}, 0));
  EXPECT_EQ(this->MustCommit(Writer("agentone", 7).Add().Take()).ledger, 1u);
}

TYPED_TEST_P(StoreLedger, RowsHaveKeysInTheirOrder) {
  EXPECT_EQ(this->Refusal(this->ChangeOf({this->Row("", "1")}, 0)), ErrorCode::kInvalid);
  EXPECT_EQ(this->Refusal(this->ChangeOf({this->Row("b", "1"), this->Row("a", "1")}, 0)),
            ErrorCode::kInvalid);
  EXPECT_EQ(this->Refusal(this->ChangeOf({this->Row("a", "1"), this->Erased("a")}, 0)), ErrorCode::kInvalid);
  const std::string longest(kMaxLedgerKey, 'k');
  EXPECT_EQ(this->Refusal(this->ChangeOf({this->Row(longest + "k", "1")}, 0)), ErrorCode::kInvalid);
  this->MustCommit(this->ChangeOf({this->Row(longest, "1")}, 0));
  EXPECT_EQ(this->Rows(), longest + "=1");
}

TYPED_TEST_P(StoreLedger, KeysAndValuesOfAnyBytesAreListedInPages) {
  const std::vector<std::string> keys = {
      std::string("\0", 1), "a", std::string("a\0", 2), "aa", "a\xff", "b", "\xff\xff"};
  std::vector<LedgerRow> rows;
  rows.reserve(keys.size());
  for (const std::string& key : keys) rows.push_back(this->Row(key, key + std::string("\0v", 2)));
  this->MustCommit(this->ChangeOf(rows, 0));
  const std::string all = this->Rows();
  for (const size_t size : {1, 2, 3, 7, 8}) EXPECT_EQ(this->Rows(size), all) << size;
  EXPECT_EQ(Must(this->store().ListLedger({}, 10)).rows.size(), keys.size());
  EXPECT_TRUE(Must(this->store().ListLedger({}, 0)).rows.empty());
}

REGISTER_TYPED_TEST_SUITE_P(StoreLedger, RowsAreWrittenReplacedAndErasedWithTheEventsOfTheSameChange,
                            AChangeThatRestsOnOtherRowsIsRefusedWithItsEvents,
                            AChangeWithoutRowsExpectsNothingOfThem, RowsHaveKeysInTheirOrder,
                            KeysAndValuesOfAnyBytesAreListedInPages);

}  // namespace postern::store
