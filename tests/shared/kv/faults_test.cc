#include "shared/kv/faults.h"

#include <string>

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "shared/kv/store.h"
#include "tests/shared/kv/temporary_directory.h"

namespace postern::kv {
namespace {

constexpr Family kFruit{0};

Options With(std::shared_ptr<Faults> faults) { return {.families = {"fruit"}, .faults = std::move(faults)}; }

Status Put(Store& store, std::string_view key, Durability durability = Durability::kUnsynced) {
  Batch batch;
  batch.Put(kFruit, key, std::string(key));
  return store.Write(batch, durability);
}

bool Has(const std::string& directory, std::string_view key) {
  auto store = Store::Open(directory, With(nullptr));
  EXPECT_TRUE(store) << store.error().message;
  return (*store)->Get(kFruit, key)->has_value();
}

TEST(Faults, APowerCutLeavesWhatWasSynced) {
  TemporaryDirectory directory;
  const auto faults = std::make_shared<Faults>(true);
  {
    auto store = Store::Open(directory.path(), With(faults));
    ASSERT_TRUE(store) << store.error().message;
    ASSERT_TRUE(Put(**store, "synced"));
    ASSERT_TRUE((*store)->SyncLog());
    ASSERT_TRUE(Put(**store, "written"));
    faults->Cut();
    EXPECT_FALSE(Put(**store, "late"));
  }
  EXPECT_TRUE(Has(directory.path(), "synced"));
  EXPECT_FALSE(Has(directory.path(), "written"));
  EXPECT_FALSE(Has(directory.path(), "late"));
}

TEST(FaultsDeathTest, KillingAProcessThatHoldsUnsyncedBytesIsAPowerCut) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  TemporaryDirectory directory("POSTERN_TEST_FAULTS");
  const auto write_and_die = [&] {
    auto store = Store::Open(directory.path(), With(std::make_shared<Faults>(true)));
    if (!store || !Put(**store, "synced", Durability::kSynced) || !Put(**store, "written")) _exit(1);
    kill(getpid(), SIGKILL);
  };
  EXPECT_EXIT(write_and_die(), testing::KilledBySignal(SIGKILL), "");
  EXPECT_TRUE(Has(directory.path(), "synced"));
  EXPECT_FALSE(Has(directory.path(), "written"));
}

TEST(Faults, AFailedSyncPoisonsUntilReopened) {
  TemporaryDirectory directory;
  const auto faults = std::make_shared<Faults>(false);
  auto store = Store::Open(directory.path(), With(faults));
  ASSERT_TRUE(Put(**store, "a"));
  faults->FailSyncs(true);
  EXPECT_EQ((*store)->SyncLog().error().code, ErrorCode::kUnavailable);
  faults->FailSyncs(false);
  EXPECT_TRUE((*store)->poisoned());
  EXPECT_EQ(Put(**store, "b").error().code, ErrorCode::kUnavailable);  // never retried in place
  EXPECT_EQ((*store)->SyncLog().error().code, ErrorCode::kUnavailable);
  ASSERT_TRUE((*store)->Reopen());
  EXPECT_TRUE(Put(**store, "b", Durability::kSynced));
  EXPECT_TRUE((*store)->Get(kFruit, "a")->has_value());
}

TEST(Faults, ReopeningFailsWhileTheDiskDoesAndMayBeTriedAgain) {
  TemporaryDirectory directory;
  const auto faults = std::make_shared<Faults>(false);
  auto store = Store::Open(directory.path(), With(faults));
  ASSERT_TRUE(Put(**store, "a", Durability::kSynced));
  faults->FailSyncs(true);
  EXPECT_FALSE((*store)->SyncLog() && Put(**store, "b", Durability::kSynced));
  EXPECT_FALSE((*store)->Reopen());
  EXPECT_FALSE(Put(**store, "b"));
  EXPECT_FALSE((*store)->Get(kFruit, "a"));
  EXPECT_FALSE((*store)->NewCursor(kFruit).status());
  faults->FailSyncs(false);
  ASSERT_TRUE((*store)->Reopen());
  EXPECT_TRUE((*store)->Get(kFruit, "a")->has_value());
  EXPECT_TRUE(Put(**store, "b"));
}

TEST(Faults, AFullDiskIsExhausted) {
  TemporaryDirectory directory;
  const auto faults = std::make_shared<Faults>(false);
  auto store = Store::Open(directory.path(), With(faults));
  ASSERT_TRUE(Put(**store, "a", Durability::kSynced));
  faults->SetSpace(0);
  EXPECT_EQ(Put(**store, "b").error().code, ErrorCode::kExhausted);
  EXPECT_EQ((*store)->Reopen().error().code, ErrorCode::kExhausted);
  faults->SetSpace(-1);
  ASSERT_TRUE((*store)->Reopen());
  EXPECT_TRUE((*store)->Get(kFruit, "a")->has_value());
  EXPECT_TRUE(Put(**store, "b"));
}

}  // namespace
}  // namespace postern::kv
