#include "collector/intake/hand_over.h"

#include <utility>

namespace postern::intake {

void HandOver::Put(Batch batch) {
  std::unique_lock lock(mutex_);
  emptied_.wait(lock, [this] { return !batch_; });
  batch_ = std::move(batch);
  filled_.notify_one();
}

bool HandOver::Put(Alarm alarm) {
  const std::lock_guard lock(mutex_);
  if (alarms_.size() >= kMostAlarms) return false;
  alarms_.push_back(std::move(alarm));
  filled_.notify_one();
  return true;
}

HandOver::Work HandOver::Take(std::chrono::nanoseconds patience) {
  std::unique_lock lock(mutex_);
  filled_.wait_for(lock, patience, [this] { return batch_ || !alarms_.empty() || nudged_ || closed_; });
  nudged_ = false;
  Work work;
  work.alarms = std::exchange(alarms_, {});
  work.batch = std::exchange(batch_, std::nullopt);
  work.ended = closed_ && !work.batch && work.alarms.empty();
  emptied_.notify_one();
  return work;
}

void HandOver::Nudge() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(nudged_, true)) return;
  filled_.notify_one();
}

void HandOver::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  filled_.notify_one();
}

}  // namespace postern::intake
