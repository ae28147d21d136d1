// The time by which this agent reserves and demands: the boot clock and its offset to the collector's clock,
// so that it neither jumps with the host's wall clock nor stops while the machine sleeps.
//
// The offset is measured by what the collector answers: its time then lies between sending and arrival, so
// half of the way is added and half of the way is the error. An offset within the error of a measurement
// stays as it is. Until the first one it is the host's wall clock's.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "shared/base/clock.h"

namespace postern::purse {

// An answer of the collector's.
struct Heard {
  BootTime sent{};       // when what it answers was sent
  BootTime arrived{};    // when the answer came
  WallTime collector{};  // the time that it says
  bool renews = false;   // it answers a heartbeat: leases go on from its sending
};

// Thread-safe; only one thread may call Take.
class AgentClock {
 public:
  AgentClock(WallTime wall_now, BootTime boot_now)
      : offset_(wall_now.time_since_epoch().count() - boot_now.time_since_epoch().count()) {}

  WallTime At(BootTime time) const {
    return WallTime(
        std::chrono::nanoseconds(time.time_since_epoch().count() + offset_.load(std::memory_order_relaxed)));
  }

  // Whether the collector has been heard: before, the time is only this host's opinion.
  bool is_set() const { return is_set_.load(std::memory_order_acquire); }

  // By how much the clock moves with this measurement; mostly by nothing.
  std::chrono::nanoseconds Take(const Heard& heard);

 private:
  std::atomic<int64_t> offset_;
  std::atomic<bool> is_set_{false};
};

}  // namespace postern::purse
