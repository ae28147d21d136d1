// Disks that fail, are full, and lose their power.
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <sys/mount.h>

#include "shared/kv/faults.h"
#include "tests/collector/store/rocks.h"
#include "tests/collector/store/writer.h"
#include "tests/shared/kv/temporary_directory.h"

namespace postern::store {
namespace {

// Commits until the disk is good again: nobody has to open anything.
Receipt CommitWhenPossible(Store& store, const Change& change) {
  for (;;) {
    const auto receipt = store.Commit(change);
    if (receipt) return *receipt;
    EXPECT_TRUE(receipt.error().code == ErrorCode::kUnavailable ||
                receipt.error().code == ErrorCode::kExhausted)
        << receipt.error().message;
    std::this_thread::yield();
  }
}

TEST(Disk, AFailedSyncIsAnErrorAndWhatTheDiskHoldsIsReadBack) {
  TemporaryDirectory directory;
  const auto faults = std::make_shared<kv::Faults>(false);
  const auto store = MustOpen(directory.path(), faults);
  Writer writer;
  ASSERT_TRUE(store->Commit(writer.Add({.user = "alice"}).Take()));
  faults->FailSyncs(true);
  const Change lost = writer.Add({.user = "alice"}, {.requests = 1}).Take();
  EXPECT_EQ(store->Commit(lost).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(store->Find({.user = "alice"}, {}, 10)->events.size(), 1u)
      << "nobody reads what isn't on the disk";
  EXPECT_EQ(store->stats().log_size, 1u);
  EXPECT_FALSE(store->Commit(lost));
  faults->FailSyncs(false);

  Change record;
  record.records = {PutRecord(RecordKind::kKey, "k", "x")};
  CommitWhenPossible(*store, record);
  const uint64_t sequence = (*store->FindChain("agent0000000", 1))->sequence;
  if (sequence == 1) ASSERT_TRUE(store->Commit(lost));
  else EXPECT_EQ(sequence, 2u);
  EXPECT_EQ(store->stats().log_size, 2u);
  EXPECT_EQ(Problems(*store), std::vector<std::string>());
}

TEST(Disk, AFullDiskIsSaidAndOverWhenThereIsSpace) {
  TemporaryDirectory directory;
  const auto faults = std::make_shared<kv::Faults>(false);
  const auto store = MustOpen(directory.path(), faults);
  Writer writer;
  ASSERT_TRUE(store->Commit(writer.Add({.user = "alice"}).Take()));
  faults->SetSpace(100);
  Change change = writer.Add({.user = "alice"}).Take();
  change.set_aside.push_back({"agent0000000", 1, 1, At(0), "fork", std::string(1000, 'x')});
  EXPECT_EQ(store->Commit(change).error().code, ErrorCode::kExhausted);
  EXPECT_FALSE(store->Commit(change));
  EXPECT_EQ(store->Find({.user = "alice"}, {}, 10)->events.size(), 1u);
  faults->SetSpace(-1);
  CommitWhenPossible(*store, change);
  EXPECT_EQ(store->stats().log_size, 2u);
  EXPECT_EQ(Problems(*store), std::vector<std::string>());
}

// Takes all that is left of the disk.
void Fill(const std::string& file) {
  std::ofstream filler(file, std::ios::app);
  const std::string chunk(4096, 'x');
  while (filler.write(chunk.data(), static_cast<std::streamsize>(chunk.size())).flush()) {
  }
}

TEST(Disk, LivesThroughADiskThatIsReallyFull) {
  TemporaryDirectory directory;
  if (mount("tmpfs", directory.path().c_str(), "tmpfs", 0, "size=8m") != 0)
    GTEST_SKIP() << "a small file system can't be mounted here, which needs root";
  {
    const auto store = MustOpen(directory / "store");
    Writer writer;
    uint64_t committed = 0;
    Change change;
    for (;;) {
      change = writer.Add({.time = At(1), .user = "alice"}, {.requests = 1}).Take();
      change.set_aside.push_back({"agent0000000", 1, committed, At(0), "fork", std::string(10'000, 'x')});
      const auto receipt = store->Commit(change);
      if (!receipt) {
        EXPECT_EQ(receipt.error().code, ErrorCode::kExhausted) << receipt.error().message;
        break;
      }
      ASSERT_LT(++committed, 10'000u) << "the disk never became full";
      if (committed == 50) Fill(directory / "filler");
    }
    for (int attempt = 0; attempt < 3; ++attempt) {
      Fill(directory / "filler");
      static_cast<void>(store->Commit(change));  // opening again may have found some room
      EXPECT_GT(store->Find({.user = "alice"}, {}, 1000)->events.size(), 0u) << "what is there can be read";
    }
    std::filesystem::remove(directory / "filler");
    Change record;
    record.records = {PutRecord(RecordKind::kKey, "k", "x")};
    CommitWhenPossible(*store, record);
    EXPECT_GE(store->stats().log_size, committed);
    EXPECT_LE(store->stats().log_size, committed + 1);
    EXPECT_EQ(Problems(*store), std::vector<std::string>());
  }
  umount2(directory.path().c_str(), MNT_DETACH);
}

TEST(Disk, WhatWasNotSyncedIsGoneAfterAPowerCutAndAllElseIsThere) {
  TemporaryDirectory directory;
  const auto faults = std::make_shared<kv::Faults>(true);
  auto store = MustOpen(directory.path(), faults);
  Writer writer;
  for (int i = 0; i < 20; ++i)
    ASSERT_TRUE(store->Commit(writer.Add({.user = "alice"}, {.requests = 1}).Take()));
  faults->Cut();
  EXPECT_FALSE(store->Commit(writer.Add({.user = "alice"}).Take()));
  store.reset();
  store = MustOpen(directory.path());
  EXPECT_EQ(store->stats().log_size, 20u);
  EXPECT_EQ(Problems(*store), std::vector<std::string>());
}

TEST(Disk, ASecondProcessIsToldThatItIsOpen) {
  TemporaryDirectory directory;
  const auto store = MustOpen(directory.path());
  const auto second = OpenRocksStore({.directory = directory.path()});
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("open in another process"), std::string::npos)
      << second.error().message;
}

}  // namespace
}  // namespace postern::store
