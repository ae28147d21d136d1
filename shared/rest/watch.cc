#include "shared/rest/watch.h"

#include <algorithm>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace postern::rest {

// Shutting down never blocks, and happens under the lock so that the descriptor is still the one it was.
Watch::Entry::Entry(Watch& watch, int descriptor) : watch_(watch), id_(watch.Add(descriptor)) {}

uint64_t Watch::Add(int descriptor) {
  const int duplicate = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (duplicate < 0) ::shutdown(descriptor, SHUT_RDWR);
  const std::lock_guard lock(mutex_);
  watched_[++next_id_].descriptor = duplicate;
  return next_id_;
}

Watch::Entry::~Entry() {
  const std::lock_guard lock(watch_.mutex_);
  const auto found = watch_.watched_.find(id_);
  if (found->second.descriptor >= 0) ::close(found->second.descriptor);
  watch_.watched_.erase(found);
}

void Watch::Entry::Expect(std::chrono::milliseconds within) { watch_.Set(id_, Clock::now() + within, false); }
void Watch::Entry::Wait(std::chrono::milliseconds within) { watch_.Set(id_, Clock::now() + within, true); }
void Watch::Entry::Free() { watch_.Set(id_, std::nullopt, false); }

bool Watch::Entry::expired() const {
  const std::lock_guard lock(watch_.mutex_);
  return watch_.watched_.at(id_).expired;
}

Watch::Watch() : thread_([this] { Run(); }) {}

Watch::~Watch() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Watch::Set(uint64_t id, std::optional<Clock::time_point> deadline, bool waiting) {
  const std::lock_guard lock(mutex_);
  Watched& watched = watched_.at(id);
  watched.deadline = deadline;
  watched.waiting = waiting;
  if (waiting && draining_) ::shutdown(watched.descriptor, SHUT_RDWR);
  changed_.notify_one();
}

void Watch::Drain() {
  const std::lock_guard lock(mutex_);
  draining_ = true;
  for (const auto& [id, watched] : watched_) {
    if (watched.waiting) ::shutdown(watched.descriptor, SHUT_RDWR);
  }
}

void Watch::Run() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    const auto now = Clock::now();
    auto next = now + std::chrono::hours(1);
    for (auto& [id, watched] : watched_) {
      if (!watched.deadline) continue;
      if (*watched.deadline <= now) {
        ::shutdown(watched.descriptor, SHUT_RDWR);
        watched.expired = true;
        watched.deadline.reset();
      } else {
        next = std::min(next, *watched.deadline);
      }
    }
    changed_.wait_until(lock, next);
  }
}

}  // namespace postern::rest
