#include "shared/kv/store.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <string>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/shared/kv/temporary_directory.h"

namespace postern::kv {
namespace {

constexpr Family kFruit{0};
constexpr Family kTrees{1};

Options TwoFamilies() { return {.families = {"fruit", "trees"}}; }

std::unique_ptr<Store> MustOpen(const std::string& directory, Options options = TwoFamilies()) {
  auto store = Store::Open(directory, std::move(options));
  EXPECT_TRUE(store) << store.error().message;
  return *std::move(store);
}

void Put(Store& store, Family family, std::string_view key, std::string_view value) {
  Batch batch;
  batch.Put(family, key, value);
  ASSERT_TRUE(store.Write(batch, Durability::kUnsynced));
}

TEST(Store, KeepsFamiliesApartAndRemembers) {
  TemporaryDirectory directory;
  {
    auto store = MustOpen(directory / "state");
    Put(*store, kFruit, "a", "apple");
    Put(*store, kTrees, "a", "ash");
  }
  auto store = MustOpen(directory / "state");
  EXPECT_EQ(**store->Get(kFruit, "a"), "apple");
  EXPECT_EQ(**store->Get(kTrees, "a"), "ash");
  EXPECT_FALSE(store->Get(kTrees, "b")->has_value());
}

TEST(Store, ItsDirectoryIsForItsOwnerOnly) {
  TemporaryDirectory directory;
  MustOpen(directory / "deep/state");
  struct stat status;
  ASSERT_EQ(stat((directory / "deep/state").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST(Store, ACursorWalksInOrderBothWays) {
  TemporaryDirectory directory;
  auto store = MustOpen(directory.path());
  for (const char* key : {"c", "a", "e", "b"}) Put(*store, kFruit, key, key);
  Cursor cursor = store->NewCursor(kFruit);
  std::string walked;
  for (cursor.SeekToFirst(); cursor.valid(); cursor.Next()) walked += cursor.key();
  EXPECT_EQ(walked, "abce");
  EXPECT_TRUE(cursor.status());
  cursor.Seek("d");
  EXPECT_EQ(cursor.key(), "e");
  cursor.SeekBackward("d");
  EXPECT_EQ(cursor.value(), "c");
  cursor.SeekToLast();
  cursor.Previous();
  EXPECT_EQ(cursor.key(), "c");
}

TEST(Store, AgreesWithAMapOverRandomBatches) {
  TemporaryDirectory directory;
  auto store = MustOpen(directory.path());
  std::map<std::string, std::string> model;
  std::mt19937 random(7);
  const auto any_key = [&] { return std::to_string(100 + random() % 200); };
  Batch batch;
  for (int round = 0; round < 300; ++round) {
    batch.Clear();
    for (int i = 0; i < 5; ++i) {
      const std::string key = any_key();
      switch (random() % 4) {
        case 0:
          batch.Delete(kFruit, key);
          model.erase(key);
          break;
        case 1: {
          const std::string end = any_key();
          if (end < key || random() % 10 != 0) break;
          batch.DeleteRange(kFruit, key, end);
          model.erase(model.lower_bound(key), model.lower_bound(end));
          break;
        }
        default: batch.Put(kFruit, key, std::to_string(round)); model[key] = std::to_string(round);
      }
    }
    ASSERT_TRUE(store->Write(batch, Durability::kUnsynced));
    if (round % 50 == 49) {
      ASSERT_TRUE(store->Reopen());
    }
  }
  std::map<std::string, std::string> found;
  Cursor cursor = store->NewCursor(kFruit);
  for (cursor.SeekToFirst(); cursor.valid(); cursor.Next()) found.emplace(cursor.key(), cursor.value());
  EXPECT_EQ(found, model);
}

TEST(StoreDeathTest, AnUnsyncedWriteSurvivesTheDeathOfTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  TemporaryDirectory directory("POSTERN_TEST_STORE");
  const auto write_and_die = [&] {
    auto store = MustOpen(directory.path());
    Put(*store, kFruit, "a", "apple");
    kill(getpid(), SIGKILL);
  };
  EXPECT_EXIT(write_and_die(), testing::KilledBySignal(SIGKILL), "");
  auto store = MustOpen(directory.path());
  EXPECT_EQ(**store->Get(kFruit, "a"), "apple");
}

TEST(Store, TwoProcessesCantOpenItForWriting) {
  TemporaryDirectory directory;
  auto store = MustOpen(directory.path());
  const auto second = Store::Open(directory.path(), TwoFamilies());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(second.error().message.find("open in another process"), std::string::npos)
      << second.error().message;
}

TEST(Store, CanBeReadWhileAnotherWrites) {
  TemporaryDirectory directory;
  auto store = MustOpen(directory.path());
  Put(*store, kFruit, "a", "apple");
  const auto reader = Store::OpenReadOnly(directory.path(), TwoFamilies());
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ(**(*reader)->Get(kFruit, "a"), "apple");
}

TEST(Store, ReadingWhatIsNotThereMakesNothing) {
  TemporaryDirectory directory;
  const auto reader = Store::OpenReadOnly(directory / "none", TwoFamilies());
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(directory / "none"));
}

TEST(Store, ANewerFormatIsRefusedInASentence) {
  TemporaryDirectory directory;
  Options newer = TwoFamilies();
  newer.format = 2;
  MustOpen(directory.path(), newer);
  const auto older = Store::Open(directory.path(), TwoFamilies());
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().code, ErrorCode::kInvalid);
  EXPECT_NE(
      older.error().message.find("was written by a newer version (format 2, this version reads up to 1)"),
      std::string::npos)
      << older.error().message;
  MustOpen(directory.path(), newer);
}

TEST(Store, DamageIsCorruptAndSaysSo) {
  TemporaryDirectory directory;
  {
    auto store = MustOpen(directory.path());
  }
  std::ofstream(directory / "CURRENT") << "MANIFEST-999999\n";
  const auto store = Store::Open(directory.path(), TwoFamilies());
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message.find(directory.path()), std::string::npos);
  EXPECT_TRUE(store.error().code == ErrorCode::kCorrupt || store.error().code == ErrorCode::kUnavailable)
      << store.error().message;
}

TEST(Store, ReclaimingARangeLeavesTheRest) {
  TemporaryDirectory directory;
  auto store = MustOpen(directory.path());
  for (int i = 100; i < 200; ++i) Put(*store, kFruit, std::to_string(i), "x");
  Batch batch;
  batch.DeleteRange(kFruit, "100", "150");
  ASSERT_TRUE(store->Write(batch, Durability::kSynced));
  ASSERT_TRUE(store->ReclaimRange(kFruit, "100", "150"));
  Cursor cursor = store->NewCursor(kFruit);
  cursor.SeekToFirst();
  EXPECT_EQ(cursor.key(), "150");
}

}  // namespace
}  // namespace postern::kv
