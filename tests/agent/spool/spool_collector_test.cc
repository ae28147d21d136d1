// The spool with a collector.
#include <atomic>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>

#include <gtest/gtest.h>

#include "agent/spool/spool.h"
#include "shared/kv/faults.h"
#include "tests/agent/spool/events.h"
#include "tests/shared/kv/temporary_directory.h"

namespace postern::spool {
namespace {

class SpoolWithCollector : public testing::Test {
 protected:
  SpoolWithCollector() {
    options_.journal.directory = directory_ / "state";
    options_.journal.retention = Retention::kAcknowledged;
    options_.lazy_sync = std::chrono::milliseconds(1);
  }

  std::unique_ptr<Spool> MustOpen() {
    auto spool = Spool::Open(options_);
    CHECK(spool.has_value());
    (*spool)->OnSealed([this] {
      const std::lock_guard lock(mutex_);
      sealed_.notify_all();
    });
    return *std::move(spool);
  }

  // Waits until it holds, woken by OnSealed; the clock is only there so that what never comes fails.
  template <class Predicate>
  bool Eventually(Predicate holds) {
    std::unique_lock lock(mutex_);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!holds()) {
      if (std::chrono::steady_clock::now() > end) return false;
      sealed_.wait_for(lock, std::chrono::milliseconds(5));
    }
    return true;
  }

  static Result<std::vector<SealedGroup>> ReadGroups(Spool& spool, const Mark& after) {
    std::promise<Result<std::vector<SealedGroup>>> answered;
    spool.ReadGroups(after, 1 << 20, [&](auto groups) { answered.set_value(std::move(groups)); });
    return answered.get_future().get();
  }

  static Status Acknowledge(Spool& spool, const Mark& mark) {
    std::promise<Status> answered;
    spool.Acknowledge({mark}, Spool::Claim::kAtLeast,
                      [&](Status status) { answered.set_value(std::move(status)); });
    return answered.get_future().get();
  }

  static Status BeginIncarnation(Spool& spool, uint64_t incarnation) {
    std::promise<Status> answered;
    spool.BeginIncarnation(incarnation, [&](Status status) { answered.set_value(std::move(status)); });
    return answered.get_future().get();
  }

  TemporaryDirectory directory_;
  Options options_;
  std::mutex mutex_;
  std::condition_variable sealed_;
};

TEST_F(SpoolWithCollector, SaysWhenThereIsSomethingToSend) {
  const auto spool = MustOpen();
  const Mark start = spool->standpoint().now;
  EXPECT_EQ(start.sequence, 1u);
  ASSERT_TRUE(spool->Append(Intent(1)));
  ASSERT_TRUE(spool->Append(Outcome(1)));
  ASSERT_TRUE(Eventually([&] { return spool->standpoint().now.sequence == 3; }));
  EXPECT_EQ(spool->standpoint().unacknowledged, 3u);
  const auto groups = ReadGroups(*spool, start);
  ASSERT_TRUE(groups);
  ASSERT_FALSE(groups->empty());
  EXPECT_EQ(groups->back().end, spool->standpoint().now);
  ASSERT_TRUE(Acknowledge(*spool, groups->back().end));
  EXPECT_TRUE(Eventually([&] { return spool->standpoint().unacknowledged == 0; }));
  EXPECT_EQ(spool->stats().unacknowledged, 0u);
}

TEST_F(SpoolWithCollector, AWrongMarkIsRefusedAndTheSpoolGoesOn) {
  const auto spool = MustOpen();
  Mark wrong = spool->standpoint().now;
  wrong.head[0] ^= 1;
  EXPECT_EQ(Acknowledge(*spool, wrong).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(spool->condition(BootClock::now()), Condition::kGood);
  EXPECT_EQ(spool->standpoint().unacknowledged, 1u);
}

TEST_F(SpoolWithCollector, GoesOnUnderAnIssuedIncarnation) {
  const auto spool = MustOpen();
  const uint64_t first = spool->incarnation();
  ASSERT_TRUE(spool->Append(Intent(1)));
  ASSERT_TRUE(BeginIncarnation(*spool, 42));
  EXPECT_EQ(spool->incarnation(), 42u);
  const Standpoint standpoint = spool->standpoint();
  EXPECT_EQ(standpoint.now.incarnation, 42u);
  ASSERT_EQ(standpoint.kept.size(), 2u);
  EXPECT_EQ(standpoint.kept[0].incarnation, first);
  EXPECT_EQ(standpoint.kept[0].sequence, 2u);  // what was appended before belongs to the old chain
  ASSERT_TRUE(spool->Append(Outcome(1)));
  ASSERT_TRUE(Eventually([&] { return spool->standpoint().now.sequence == 2; }));
  EXPECT_EQ(BeginIncarnation(*spool, first).error().code, ErrorCode::kInvalid);
  EXPECT_TRUE(spool->Close());
  EXPECT_TRUE(Verify(ReadAll(directory_ / "state")).sound());
}

TEST_F(SpoolWithCollector, AFullSpoolHasRoomAgainOnceTheCollectorHasIt) {
  options_.max_bytes = 256 * 1024;
  const auto spool = MustOpen();
  uint64_t number = 0;
  // Where the queue is full first, the thread is behind: it is given time.
  while (spool->condition(BootClock::now()) != Condition::kFull) {
    if (!spool->Append(Intent(number))) {
      ASSERT_TRUE(Eventually([&] { return spool->stats().queued == 0; }));
      continue;
    }
    ASSERT_TRUE(spool->Append(Outcome(number++)));
    ASSERT_LT(number, 1'000'000u);
  }
  Mark mark;
  for (;;) {
    const auto groups = ReadGroups(*spool, mark);
    ASSERT_TRUE(groups);
    if (groups->empty()) break;
    mark = groups->back().end;
  }
  ASSERT_TRUE(Acknowledge(*spool, mark));
  EXPECT_TRUE(Eventually([&] { return spool->condition(BootClock::now()) == Condition::kGood; }));
  EXPECT_TRUE(spool->Append(Intent(number)));
  EXPECT_LT(spool->stats().kept_bytes, 256u * 1024 * 3 / 4);
}

TEST_F(SpoolWithCollector, NothingIsPromisedWhileTheDiskFails) {
  const auto faults = std::make_shared<kv::Faults>(false);
  options_.journal.faults = faults;
  const auto spool = MustOpen();
  faults->FailSyncs(true);
  EXPECT_FALSE(BeginIncarnation(*spool, 42));
  EXPECT_NE(spool->standpoint().now.incarnation, 42u);
  EXPECT_EQ(ReadGroups(*spool, {}).error().code, ErrorCode::kUnavailable);
  faults->FailSyncs(false);
  EXPECT_TRUE(Eventually([&] { return spool->standpoint().now.incarnation == 42; }));
}

TEST_F(SpoolWithCollector, AnswersWithAnErrorAfterClose) {
  const auto spool = MustOpen();
  EXPECT_TRUE(spool->Close());
  EXPECT_EQ(ReadGroups(*spool, {}).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(BeginIncarnation(*spool, 42).error().code, ErrorCode::kUnavailable);
  spool->OnSealed({});
}

}  // namespace
}  // namespace postern::spool
