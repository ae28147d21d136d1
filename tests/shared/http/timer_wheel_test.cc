#include "shared/http/timer_wheel.h"

#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace postern::http {
namespace {

using std::chrono::milliseconds;

constexpr BootTime kStart{std::chrono::hours(5)};

class Recorder : public Timer {
 public:
  int fired = 0;
  BootTime fired_at{};
  const BootTime* now = nullptr;

 protected:
  void OnDeadline() override {
    ++fired;
    fired_at = *now;
  }
};

TEST(TimerWheel, FiresAfterTheDeadlineAndOnce) {
  TimerWheel wheel(kStart);
  BootTime now = kStart;
  Recorder timer;
  timer.now = &now;
  wheel.Set(timer, kStart + milliseconds(20));
  wheel.Advance(now = kStart + milliseconds(19));
  EXPECT_EQ(timer.fired, 0);
  wheel.Advance(now = kStart + milliseconds(40));
  EXPECT_EQ(timer.fired, 1);
  wheel.Advance(now = kStart + milliseconds(4000));
  EXPECT_EQ(timer.fired, 1);
  EXPECT_FALSE(wheel.NextLook());
}

TEST(TimerWheel, ADeadlineThatMovesIsTheOneThatCounts) {
  TimerWheel wheel(kStart);
  BootTime now = kStart;
  Recorder timer;
  timer.now = &now;
  wheel.Set(timer, kStart + milliseconds(100));
  wheel.Set(timer, kStart + milliseconds(5000));
  wheel.Advance(now = kStart + milliseconds(4900));
  EXPECT_EQ(timer.fired, 0);
  wheel.Set(timer, kStart + milliseconds(4920));
  wheel.Advance(now = kStart + milliseconds(4950));
  EXPECT_EQ(timer.fired, 1);
}

TEST(TimerWheel, ATimerThatIsGoneOrClearedDoesNotFire) {
  TimerWheel wheel(kStart);
  BootTime now = kStart;
  auto gone = std::make_unique<Recorder>();
  Recorder cleared;
  cleared.now = &now;
  wheel.Set(*gone, kStart + milliseconds(10));
  wheel.Set(cleared, kStart + milliseconds(10));
  gone.reset();
  wheel.Clear(cleared);
  wheel.Advance(now = kStart + milliseconds(100));
  EXPECT_EQ(cleared.fired, 0);
}

// The obvious twin: a list of deadlines.
TEST(TimerWheel, RandomTimersFireNeverEarlyAndAtMostOneLookLate) {
  std::mt19937 random(7);  // NOLINT: the same every time
  TimerWheel wheel(kStart);
  BootTime now = kStart;
  std::vector<std::unique_ptr<Recorder>> timers;
  std::vector<BootTime> deadlines;
  for (int i = 0; i < 300; ++i) {
    timers.push_back(std::make_unique<Recorder>());
    timers.back()->now = &now;
    deadlines.push_back(kStart + milliseconds(random() % 60'000));
    wheel.Set(*timers.back(), deadlines.back());
  }
  for (int step = 0; step < 20'000; ++step) {
    if (step % 7 == 0) {
      const size_t chosen = random() % timers.size();
      if (timers[chosen]->fired == 0) {
        deadlines[chosen] = now + milliseconds(random() % 9'000);
        wheel.Set(*timers[chosen], deadlines[chosen]);
      }
    }
    wheel.Advance(now += milliseconds(random() % 10));
  }
  for (size_t i = 0; i < timers.size(); ++i) {
    ASSERT_EQ(timers[i]->fired, 1) << i;
    EXPECT_GE(timers[i]->fired_at, deadlines[i]) << i;
    EXPECT_LE(timers[i]->fired_at, deadlines[i] + 2 * TimerWheel::kTick + milliseconds(10)) << i;
  }
}

}  // namespace
}  // namespace postern::http
