// What the families' merge rules make of values, in memory and after compaction.
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "shared/kv/store.h"
#include "tests/shared/kv/temporary_directory.h"

namespace postern::kv {
namespace {

constexpr Family kLists{0};
constexpr Family kSums{1};

std::string Row(std::initializer_list<uint64_t> numbers) {
  std::string row;
  for (const uint64_t number : numbers) {
    for (int shift = 56; shift >= 0; shift -= 8) row.push_back(static_cast<char>(number >> shift));
  }
  return row;
}

class Merge : public testing::Test {
 protected:
  Merge() {
    auto opened = Store::Open(
        directory_.path(), {.families = {{"lists", MergeRule::kAppend}, {"sums", MergeRule::kAddNumbers}}});
    EXPECT_TRUE(opened) << opened.error().message;
    store_ = *std::move(opened);
  }

  void Write(Family family, const std::string& key, const std::string& operand) {
    Batch batch;
    batch.Merge(family, key, operand);
    ASSERT_TRUE(store_->Write(batch, Durability::kUnsynced));
  }
  std::string Read(Family family, const std::string& key) { return (*store_->Get(family, key)).value(); }

  TemporaryDirectory directory_;
  std::unique_ptr<Store> store_;
};

TEST_F(Merge, AppendedOperandsFollowEachOther) {
  for (const char* operand : {"a", "", "bc", "d"}) Write(kLists, "key", operand);
  EXPECT_EQ(Read(kLists, "key"), "abcd");
  ASSERT_TRUE(store_->Compact(kLists));
  EXPECT_EQ(Read(kLists, "key"), "abcd");
  Write(kLists, "key", "e");
  ASSERT_TRUE(store_->Reopen());
  EXPECT_EQ(Read(kLists, "key"), "abcde");
}

TEST_F(Merge, APutBeginsAnew) {
  Write(kLists, "key", "a");
  Batch batch;
  batch.Put(kLists, "key", "x");
  batch.Merge(kLists, "key", "y");
  ASSERT_TRUE(store_->Write(batch, Durability::kUnsynced));
  EXPECT_EQ(Read(kLists, "key"), "xy");
}

TEST_F(Merge, NumbersAreAddedOneByOne) {
  Write(kSums, "key", Row({1, 2}));
  Write(kSums, "key", Row({10, 20, 30}));
  EXPECT_EQ(Read(kSums, "key"), Row({11, 22, 30}));
  ASSERT_TRUE(store_->Compact(kSums));
  Write(kSums, "key", Row({1}));
  EXPECT_EQ(Read(kSums, "key"), Row({12, 22, 30}));
}

TEST_F(Merge, ASumEndsAtTheLargestNumber) {
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  Write(kSums, "key", Row({kMost - 1, 5}));
  Write(kSums, "key", Row({2, 1}));
  Write(kSums, "key", Row({2, 1}));
  EXPECT_EQ(Read(kSums, "key"), Row({kMost, 7}));
}

TEST_F(Merge, ARowThatIsNotMadeOfNumbersIsDamage) {
  Write(kSums, "key", "abc");
  const auto read = store_->Get(kSums, "key");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace postern::kv
