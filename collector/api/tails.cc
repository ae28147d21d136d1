#include "collector/api/tails.h"

#include <algorithm>
#include <utility>

namespace postern::api {

Tails::Place::Place(Tails& tails, std::string caller)
    : tails_(tails), caller_(std::move(caller)), taken_(tails.Take(caller_)) {}

Tails::Place::~Place() {
  if (taken_) tails_.Give(caller_);
}

bool Tails::Take(const std::string& caller) {
  const std::lock_guard lock(mutex_);
  if (closed_ || all_ >= most_) return false;
  const auto found = of_caller_.find(caller);
  const size_t own = found == of_caller_.end() ? 0 : found->second;
  if (own >= std::max<size_t>(1, most_ / 2)) return false;
  ++of_caller_[caller];
  ++all_;
  return true;
}

void Tails::Give(const std::string& caller) {
  const std::lock_guard lock(mutex_);
  const auto found = of_caller_.find(caller);
  if (--found->second == 0) of_caller_.erase(found);
  --all_;
}

bool Tails::Wait(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !closing_.wait_for(lock, time, [&] { return closed_; });
}

void Tails::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  closing_.notify_all();
}

size_t Tails::waiting() const {
  const std::lock_guard lock(mutex_);
  return all_;
}

}  // namespace postern::api
