// Deadlines by the thousand: setting one that moves further away costs two stores.
//
//   slots of 8 ms:  | 0 | 1 | … | 511 |   a deadline further off than the wheel waits in its last slot and
//   moves on from there
//
// A timer fires at most one slot late and never early.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>

#include "shared/base/clock.h"

namespace postern::http {

class TimerWheel;

// Something that wants to be told once its deadline has passed. Unlinks itself when destroyed. Owned by the
// loop thread.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual ~Timer() { Unlink(); }

  std::optional<BootTime> deadline() const { return deadline_; }

 protected:
  // The deadline has passed; it is no longer set.
  virtual void OnDeadline() = 0;

 private:
  friend class TimerWheel;
  void Unlink();

  std::optional<BootTime> deadline_;
  Timer* next_ = nullptr;
  Timer* previous_ = nullptr;
  TimerWheel* wheel_ = nullptr;  // set while linked
  size_t slot_ = 0;
  BootTime slot_time_{};
};

// Owned by the loop thread.
class TimerWheel {
 public:
  static constexpr std::chrono::milliseconds kTick{8};
  static constexpr size_t kSlots = 512;

  explicit TimerWheel(BootTime now) : tick_(TickOf(now)) {}
  ~TimerWheel();

  void Set(Timer& timer, BootTime deadline);
  void Clear(Timer& timer) { timer.deadline_.reset(); }  // it stays linked until its slot comes by

  // Fires what is due at `now`.
  void Advance(BootTime now);

  // When Advance next has something to look at; nothing while no timer is linked.
  std::optional<BootTime> NextLook() const;

 private:
  friend class Timer;
  static int64_t TickOf(BootTime time) { return time.time_since_epoch() / kTick; }
  void Link(Timer& timer);

  int64_t tick_;  // slots up to and including this one have been looked at
  size_t linked_ = 0;
  std::array<Timer*, kSlots> slots_{};
};

}  // namespace postern::http
