// Logs over several blocks of the index.
#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "collector/store/layout.h"
#include "collector/store/memory_store.h"
#include "tests/collector/store/rocks.h"
#include "tests/collector/store/writer.h"
#include "tests/shared/kv/temporary_directory.h"

namespace postern::store {
namespace {

// A log over several blocks of the index, in which some values are everywhere, some rare, and some only at
// its ends.
class LargeLog : public testing::Test {
 protected:
  static constexpr uint64_t kEvents = 3 * kBlock + 1000;

  static void SetUpTestSuite() {
    directory_ = new TemporaryDirectory;
    store_ = MustOpen(directory_->path());
    twin_ = MakeMemoryStore();
    Writer writer;
    for (uint64_t i = 0; i < kEvents; ++i) {
      writer.AddReceived(At(static_cast<int64_t>(i / 10)), FactsOf(i),
                         i % 2 == 0 ? Spending{} : Spending{.requests = 1});
      if (i % 5000 == 4999 || i + 1 == kEvents) {
        const Change change = writer.Take();
        ASSERT_TRUE(store_->Commit(change));
        ASSERT_TRUE(twin_->Commit(change));
      }
    }
  }
  static void TearDownTestSuite() {
    store_.reset();
    twin_.reset();
    delete directory_;
  }

  static EventFacts FactsOf(uint64_t i) {
    return {.time = At(static_cast<int64_t>(i / 3) - (i % 1000 == 0 ? 86'400 : 0)),
            .kind = i % 2 == 0 ? "intent" : "outcome",
            .user = "user" + std::to_string(i / 7 % 50),
            .model = i % 9973 == 5 ? "rare" : "common",
            .session = i < 10 || i > kEvents - 10 ? "ends" : "s" + std::to_string(i / 100),
            .host = "host" + std::to_string(i / 6000)};
  }

  void ExpectSame(EventFilter filter) {
    for (const Order order : {Order::kNewestFirst, Order::kOldestFirst}) {
      filter.order = order;
      std::optional<Cursor> ours;
      std::optional<Cursor> theirs;
      for (int pages = 0; pages < 3; ++pages) {
        const auto mine = *store_->Find(filter, ours, 777);
        const auto other = *twin_->Find(filter, theirs, 777);
        ASSERT_EQ(mine.events.size(), other.events.size());
        for (size_t i = 0; i < mine.events.size(); ++i) ASSERT_EQ(mine.events[i].leaf, other.events[i].leaf);
        ASSERT_EQ(mine.next, other.next);
        if (!mine.next) break;
        ours = mine.next;
        theirs = other.next;
      }
    }
  }

  static TemporaryDirectory* directory_;
  static std::unique_ptr<Store> store_;
  static std::unique_ptr<Store> twin_;
};
TemporaryDirectory* LargeLog::directory_ = nullptr;
std::unique_ptr<Store> LargeLog::store_;
std::unique_ptr<Store> LargeLog::twin_;

TEST_F(LargeLog, FindsAcrossBlocks) {
  ExpectSame({});
  ExpectSame({.model = "rare"});
  ExpectSame({.session = "ends"});
  ExpectSame({.user = "user7", .kind = "intent"});
  ExpectSame({.session = "ends", .kind = "intent"});
  ExpectSame({.model = "rare", .host = "host7"});
  ExpectSame({.model = "rare", .host = "host0", .kind = "intent"});
  ExpectSame({.after = Leaf{kBlock - 1}, .user = "user3"});
  ExpectSame({.user = "nobody"});
  ExpectSame({.user = "user1", .session = "nothing"});
}

TEST_F(LargeLog, FindsByTimeAcrossBlocks) {
  ExpectSame({.from = At(5000), .to = At(5001)});
  ExpectSame({.from = At(3599), .to = At(7201)});
  ExpectSame({.from = At(5400), .to = At(5900), .user = "user9"});
  ExpectSame({.to = At(-80'000)});  // those of a clock that is wrong
  ExpectSame({.to = At(0), .user = "user12"});
  ExpectSame({.from = At(16'000)});
  ExpectSame({.from = At(100'000)});
}

TEST_F(LargeLog, IsSound) { EXPECT_EQ(Problems(*store_), std::vector<std::string>()); }

TEST_F(LargeLog, BodiesAreRemovedPartByPart) {
  TemporaryDirectory elsewhere;
  ASSERT_TRUE(store_->Backup(elsewhere / "copy"));
  const auto copy = MustOpen(elsewhere / "copy");
  uint64_t removed = 0;
  int calls = 0;
  while (const uint64_t some = *copy->RemoveBodies(At(100'000), {"intent"})) {
    removed += some;
    ++calls;
  }
  EXPECT_EQ(removed, kEvents / 2);
  EXPECT_GT(calls, 1) << "commits would wait for all of it";
  EXPECT_EQ(Problems(*copy), std::vector<std::string>());
}

}  // namespace
}  // namespace postern::store
