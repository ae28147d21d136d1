// How often somebody may do something that costs: so many at once, and one more after each interval. Pure.
#pragma once

#include <chrono>
#include <cstdint>

#include "shared/base/clock.h"

namespace postern::intake {

// Thread-compatible.
class Allowance {
 public:
  Allowance(int at_once, std::chrono::nanoseconds interval) : at_once_(at_once), interval_(interval) {}

  // Whether it may be done now; counts it where it may.
  bool Take(BootTime now) {
    // The time at which all is had again grows by one interval with each; it may be so far ahead, no farther.
    const BootTime whole = (whole_at_ > now ? whole_at_ : now) + interval_;
    if (whole > now + at_once_ * interval_) return false;
    whole_at_ = whole;
    return true;
  }

 private:
  int at_once_;
  std::chrono::nanoseconds interval_;
  BootTime whole_at_{};
};

}  // namespace postern::intake
