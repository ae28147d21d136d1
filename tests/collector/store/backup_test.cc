#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/collector/store/rocks.h"
#include "tests/collector/store/writer.h"
#include "tests/shared/kv/temporary_directory.h"

namespace postern::store {
namespace {

TEST(Backup, ABackupMadeWhileEverythingGoesOnIsSound) {
  TemporaryDirectory directory;
  const auto store = MustOpen(directory / "store");
  std::atomic<bool> stops{false};
  std::thread committer([&] {
    Writer writer;
    while (!stops) {
      writer.Add({.time = At(1), .kind = "outcome", .user = "alice"}, {.requests = 1});
      ASSERT_TRUE(store->Commit(writer.Take()));
    }
  });
  std::vector<uint64_t> sizes;
  for (const char* name : {"one", "two", "three"}) {
    const uint64_t before = store->stats().log_size;
    ASSERT_TRUE(store->Backup(directory / name));
    const auto copy = MustOpen(directory / name);
    EXPECT_GE(copy->stats().log_size, before);
    EXPECT_EQ(Problems(*copy), std::vector<std::string>());
    sizes.push_back(copy->stats().log_size);
  }
  stops = true;
  committer.join();
  EXPECT_LE(sizes[0], sizes[2]);
  EXPECT_GE(store->stats().log_size, sizes[2]);
  EXPECT_EQ(store->Backup(directory / "one").error().code, ErrorCode::kInvalid);
}

TEST(Backup, ACopyGoesOnOnItsOwn) {
  TemporaryDirectory directory;
  const auto store = MustOpen(directory / "store");
  Writer writer;
  ASSERT_TRUE(store->Commit(writer.Add().Take()));
  ASSERT_TRUE(store->Backup(directory / "copy"));
  ASSERT_TRUE(store->Commit(writer.Add().Take()));
  const auto copy = MustOpen(directory / "copy");
  Writer other(**copy->FindChain("agent0000000", 1));
  ASSERT_TRUE(copy->Commit(other.Add({.user = "x"}).Take()));
  EXPECT_EQ(copy->stats().log_size, 2u);
  EXPECT_TRUE(store->Find({.user = "x"}, {}, 10)->events.empty());
}

}  // namespace
}  // namespace postern::store
