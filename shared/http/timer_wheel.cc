#include "shared/http/timer_wheel.h"

#include <algorithm>

namespace postern::http {

void Timer::Unlink() {
  if (wheel_ == nullptr) return;
  if (next_ != nullptr) next_->previous_ = previous_;
  if (previous_ != nullptr) {
    previous_->next_ = next_;
  } else {
    wheel_->slots_[slot_] = next_;
  }
  --wheel_->linked_;
  next_ = previous_ = nullptr;
  wheel_ = nullptr;
}

TimerWheel::~TimerWheel() {
  for (Timer*& head : slots_) {
    while (head != nullptr) head->Unlink();
  }
}

void TimerWheel::Set(Timer& timer, BootTime deadline) {
  timer.deadline_ = deadline;
  // A slot that comes by too early looks again; only one that comes by too late has to be left.
  if (timer.wheel_ != nullptr && timer.slot_time_ <= deadline) return;
  timer.Unlink();
  Link(timer);
}

void TimerWheel::Link(Timer& timer) {
  const int64_t due =
      TickOf(*timer.deadline_) + 1;  // the slot's start is then past the deadline: never early
  const int64_t tick = std::clamp(due, tick_ + 1, tick_ + static_cast<int64_t>(kSlots) - 1);
  const auto slot = static_cast<size_t>(tick) % kSlots;
  timer.slot_ = slot;
  timer.slot_time_ = BootTime(tick * kTick);
  timer.wheel_ = this;
  timer.previous_ = nullptr;
  timer.next_ = slots_[slot];
  if (timer.next_ != nullptr) timer.next_->previous_ = &timer;
  slots_[slot] = &timer;
  ++linked_;
}

void TimerWheel::Advance(BootTime now) {
  const int64_t target = TickOf(now);
  // After a long sleep every slot is looked at once, not once a lap.
  tick_ = std::max(tick_, target - static_cast<int64_t>(kSlots));
  while (tick_ < target) {
    ++tick_;
    Timer*& head = slots_[static_cast<size_t>(tick_) % kSlots];
    while (head != nullptr) {
      Timer& timer = *head;
      timer.Unlink();
      if (!timer.deadline_) continue;
      if (*timer.deadline_ > now) {
        Link(timer);  // goes to a slot after tick_, so this loop ends
        continue;
      }
      timer.deadline_.reset();
      timer.OnDeadline();
    }
  }
}

std::optional<BootTime> TimerWheel::NextLook() const {
  if (linked_ == 0) return std::nullopt;
  for (int64_t ahead = 1; ahead <= static_cast<int64_t>(kSlots); ++ahead) {
    if (slots_[static_cast<size_t>(tick_ + ahead) % kSlots] != nullptr)
      return BootTime((tick_ + ahead) * kTick);
  }
  return std::nullopt;
}

}  // namespace postern::http
