// How fast an account is spent from, to size what is asked for ahead of need.
#pragma once

#include <algorithm>

#include "shared/base/amount.h"
#include "shared/base/clock.h"

namespace postern::wallet {

// Two stretches of ten seconds: the present one and the one before. Thread-compatible.
class Pace {
 public:
  static constexpr std::chrono::seconds kStretch{10};

  void Add(Amount amount, WallTime now) {
    Roll(now);
    present_ = Amount::SaturatingAdd(present_, amount);
  }

  // The clock was set by so much.
  void Shift(WallTime::duration by) { since_ += by; }

  // What is likely to be wanted within the next stretch.
  Amount Likely(WallTime now) {
    Roll(now);
    return std::max(present_, former_);
  }

 private:
  void Roll(WallTime now) {
    if (now < since_ + kStretch) return;
    former_ = now < since_ + 2 * kStretch ? present_ : Amount();
    present_ = Amount();
    since_ = now;
  }

  WallTime since_{};
  Amount present_;
  Amount former_;
};

}  // namespace postern::wallet
