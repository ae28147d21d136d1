// Views, copies and formats: a store at one moment.
#include "shared/kv/view.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "shared/kv/store.h"
#include "tests/shared/kv/temporary_directory.h"

namespace postern::kv {
namespace {

constexpr Family kFruit{0};

Options OneFamily() { return {.families = {"fruit"}, .what = "the pantry"}; }

std::unique_ptr<Store> MustOpen(const std::string& directory, Options options = OneFamily()) {
  auto store = Store::Open(directory, std::move(options));
  EXPECT_TRUE(store) << store.error().message;
  return *std::move(store);
}

void Put(Store& store, std::string_view key, std::string_view value) {
  Batch batch;
  batch.Put(kFruit, key, value);
  ASSERT_TRUE(store.Write(batch, Durability::kUnsynced));
}

TEST(View, StaysAsItWas) {
  TemporaryDirectory directory;
  auto store = MustOpen(directory.path());
  Put(*store, "a", "apple");
  {
    const View before = store->Now();
    Put(*store, "a", "avocado");
    Put(*store, "b", "banana");
    EXPECT_EQ(**before.Get(kFruit, "a"), "apple");
    EXPECT_FALSE(before.Get(kFruit, "b")->has_value());
    Cursor cursor = before.NewCursor(kFruit);
    cursor.SeekToLast();
    EXPECT_EQ(cursor.value(), "apple");
  }
  EXPECT_EQ(**store->Now().Get(kFruit, "a"), "avocado");
}

TEST(View, ReadsManyKeysInTheirOrder) {
  TemporaryDirectory directory;
  auto store = MustOpen(directory.path());
  for (const char* key : {"a", "b", "c"}) Put(*store, key, std::string("the ") + key);
  const auto values = *store->Now().GetMany(kFruit, {"c", "x", "a"});
  ASSERT_EQ(values.size(), 3u);
  EXPECT_EQ(values[0], "the c");
  EXPECT_EQ(values[1], std::nullopt);
  EXPECT_EQ(values[2], "the a");
}

TEST(Checkpoint, IsACopyOfOneMomentThatCanBeOpened) {
  TemporaryDirectory directory;
  auto store = MustOpen(directory / "pantry");
  Put(*store, "a", "apple");
  ASSERT_TRUE(store->Checkpoint(directory / "copy"));
  Put(*store, "b", "banana");
  auto copy = MustOpen(directory / "copy");
  EXPECT_EQ(**copy->Get(kFruit, "a"), "apple");
  EXPECT_FALSE(copy->Get(kFruit, "b")->has_value());
  Put(*copy, "c", "cherry");  // and doesn't touch the original
  EXPECT_FALSE(store->Get(kFruit, "c")->has_value());
  struct stat status;
  ASSERT_EQ(stat((directory / "copy").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST(Checkpoint, OverwritesNothing) {
  TemporaryDirectory directory;
  auto store = MustOpen(directory / "pantry");
  std::filesystem::create_directory(directory / "empty");
  EXPECT_TRUE(store->Checkpoint(directory / "empty"));
  const auto again = store->Checkpoint(directory / "empty");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kInvalid);
  std::ofstream(directory / "file") << "x";
  EXPECT_FALSE(store->Checkpoint(directory / "file"));
}

TEST(Format, OfAnOlderStoreIsToldAndCanBeRaised) {
  TemporaryDirectory directory;
  EXPECT_EQ(MustOpen(directory.path())->format(), 1u);
  Options newer = OneFamily();
  newer.format = 3;
  {
    auto store = MustOpen(directory.path(), newer);
    EXPECT_EQ(store->format(), 1u);
    ASSERT_TRUE(store->SetFormat(2));
    EXPECT_EQ(store->format(), 2u);
  }
  EXPECT_EQ(MustOpen(directory.path(), newer)->format(), 2u);
  EXPECT_FALSE(Store::Open(directory.path(), OneFamily()));
}

TEST(Log, OfRocksDbIsOursAndNoFileIsWritten) {
  TemporaryDirectory directory;
  auto store = MustOpen(directory.path());
  EXPECT_FALSE(std::filesystem::exists(directory / "LOG"));
}

}  // namespace
}  // namespace postern::kv
