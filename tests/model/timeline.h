// Simulated time: what is to happen, in order. Two things at the same instant happen in the order in which
// they were planned.
#pragma once

#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "shared/base/clock.h"

namespace postern::model {

class Timeline {
 public:
  using Duration = std::chrono::nanoseconds;

  explicit Timeline(WallTime begin) : now_(begin) {}

  WallTime now() const { return now_; }
  uint64_t steps() const { return steps_; }

  void After(Duration delay, std::function<void()> what) {
    planned_.push({now_ + delay, next_++, std::move(what)});
  }

  // False when nothing is planned any more.
  bool Step() {
    if (planned_.empty()) return false;
    Planned next = std::move(const_cast<Planned&>(planned_.top()));
    planned_.pop();
    now_ = next.at;
    ++steps_;
    next.what();
    return true;
  }

 private:
  struct Planned {
    WallTime at;
    uint64_t order;
    std::function<void()> what;
    friend bool operator<(const Planned& a, const Planned& b) {
      return a.at != b.at ? a.at > b.at : a.order > b.order;
    }
  };

  WallTime now_;
  uint64_t steps_ = 0;
  uint64_t next_ = 0;
  std::priority_queue<Planned> planned_;
};

}  // namespace postern::model
