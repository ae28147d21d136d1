#include "collector/store/migration.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "collector/store/layout.h"
#include "collector/store/rocks_store.h"
#include "tests/shared/kv/temporary_directory.h"

namespace postern::store {
namespace {

// A store that an older version left behind.
std::unique_ptr<kv::Store> OpenAs(const std::string& directory, uint32_t format) {
  kv::Options options = StoreOptions();
  options.format = format;
  auto store = kv::Store::Open(directory, std::move(options));
  EXPECT_TRUE(store) << store.error().message;
  return *std::move(store);
}

TEST(Migration, StepsRunInTheirOrderAndEachIsRemembered) {
  TemporaryDirectory directory;
  OpenAs(directory.path(), 1);
  std::string ran;
  const auto step = [&](uint32_t from) {
    return MigrationStep{from, "a step", [&ran, from](kv::Store& store) -> Status {
                           ran += std::to_string(from);
                           kv::Batch batch;
                           batch.Put(kMeta, "step", std::to_string(from));
                           return store.Write(batch, kv::Durability::kUnsynced);
                         }};
  };
  {
    const auto store = OpenAs(directory.path(), 3);
    ASSERT_TRUE(Migrate(*store, 3, {step(2), step(1), step(7)}));
    EXPECT_EQ(ran, "12");
    ASSERT_TRUE(Migrate(*store, 3, {step(2), step(1)}));
    EXPECT_EQ(ran, "12");
  }
  const auto store = OpenAs(directory.path(), 3);
  EXPECT_EQ(store->format(), 3u);
  EXPECT_EQ(**store->Get(kMeta, "step"), "2");
}

TEST(Migration, AStepThatFailedIsRunAgain) {
  TemporaryDirectory directory;
  OpenAs(directory.path(), 1);
  int runs = 0;
  const std::vector<MigrationStep> steps = {{1, "good", [](kv::Store&) -> Status { return Ok{}; }},
                                            {2, "bad at first", [&](kv::Store&) -> Status {
                                               if (++runs == 1)
                                                 return Error{ErrorCode::kExhausted, "the disk is full"};
                                               return Ok{};
                                             }}};
  const auto store = OpenAs(directory.path(), 3);
  EXPECT_EQ(Migrate(*store, 3, steps).error().code, ErrorCode::kExhausted);
  EXPECT_EQ(store->format(), 2u);
  EXPECT_TRUE(Migrate(*store, 3, steps));
  EXPECT_EQ(runs, 2);
}

TEST(Migration, AMissingStepIsSaidInASentence) {
  TemporaryDirectory directory;
  OpenAs(directory.path(), 1);
  const auto store = OpenAs(directory.path(), 3);
  const Status migrated = Migrate(*store, 3, {});
  ASSERT_FALSE(migrated);
  EXPECT_EQ(migrated.error().code, ErrorCode::kInvalid);
  EXPECT_NE(migrated.error().message.find("has format 1, which this version can't bring to format 3"),
            std::string::npos)
      << migrated.error().message;
}

TEST(Migration, AStoreFromBeforeThereWasALedgerIsGivenOne) {
  TemporaryDirectory directory;
  {
    kv::Options options = StoreOptions();
    options.format = 1;
    options.families.pop_back();
    auto store = kv::Store::Open(directory.path(), std::move(options));
    ASSERT_TRUE(store) << store.error().message;
  }
  auto store = OpenRocksStore({.directory = directory.path()});
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_EQ((*store)->stats().ledger, 0u);
  Change change;
  change.ledger = {{.key = "row", .value = "of the ledger"}};
  ASSERT_TRUE((*store)->Commit(change));
  store->reset();
  store = OpenRocksStore({.directory = directory.path()});
  ASSERT_TRUE(store);
  EXPECT_EQ((*store)->ListLedger({}, 10)->rows.size(), 1u);
  EXPECT_EQ((*store)->stats().ledger, 1u);
}

TEST(Migration, EveryFormatSinceTheFirstHasItsStep) {
  for (uint32_t format = 1; format < kFormat; ++format) {
    bool found = false;
    for (const MigrationStep& step : MigrationSteps()) found |= step.from == format;
    EXPECT_TRUE(found) << format;
  }
}

TEST(Migration, AStoreOfANewerVersionIsRefusedInASentence) {
  TemporaryDirectory directory;
  OpenAs(directory.path(), kFormat + 1);
  const auto opened = OpenRocksStore({.directory = directory.path()});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kInvalid);
  EXPECT_NE(opened.error().message.find("was written by a newer version"), std::string::npos)
      << opened.error().message;
}

}  // namespace
}  // namespace postern::store
