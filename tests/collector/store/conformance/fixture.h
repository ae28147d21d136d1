// What the parts of the conformance suite share: an engine for each test, and short words for what tests do
// with it.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "collector/store/memory_store.h"
#include "collector/store/store.h"
#include "tests/collector/store/random_log.h"
#include "tests/collector/store/writer.h"

namespace postern::store {

// The value itself, so that a loop may go through it.
template <class T>
T Must(Result<T> result) {
  EXPECT_TRUE(result) << result.error().message;
  return *std::move(result);
}

template <class Engine>
class StoreConformance : public testing::Test {
 protected:
  Store& store() { return engine_.store(); }
  Receipt MustCommit(const Change& change) {
    const auto receipt = store().Commit(change);
    EXPECT_TRUE(receipt) << receipt.error().message;
    return receipt ? *receipt : Receipt{};
  }
  ErrorCode Refusal(const Change& change) {
    const auto receipt = store().Commit(change);
    EXPECT_FALSE(receipt);
    return receipt ? ErrorCode::kUnavailable : receipt.error().code;
  }
  Record MustGet(RecordKind kind, const std::string& id) {
    const auto record = store().Get(kind, id);
    EXPECT_TRUE(record && record->has_value()) << id;
    return record && *record ? **record : Record{};
  }
  std::vector<uint64_t> LeavesOf(const EventFilter& filter, size_t page_size = 7) {
    return AllLeaves(store(), filter, page_size);
  }
  void ExpectSound() {
    const auto problems = store().Check([](uint64_t, uint64_t) {});
    ASSERT_TRUE(problems) << problems.error().message;
    EXPECT_EQ(*problems, std::vector<std::string>());
  }

  Engine engine_;
};

}  // namespace postern::store
