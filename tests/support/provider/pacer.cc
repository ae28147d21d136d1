#include "tests/support/provider/pacer.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include "shared/base/check.h"

namespace postern::provider {
namespace {

int MakeTimer() {
  const int descriptor = ::timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
  CHECK(descriptor >= 0);
  return descriptor;
}

}  // namespace

Pacer::Pacer(http::Loop& loop) : timer_(loop, MakeTimer(), this) {}

http::Task<http::Wake> Pacer::SleepUntil(http::Strand& strand, BootTime due) {
  // Taken out again however the wait ends, also by the destruction of the coroutine.
  struct Place {
    Pacer& pacer;
    std::multimap<BootTime, http::Strand*>::iterator at;
    ~Place() { pacer.sleepers_.erase(at); }
  };
  const BootTime now = BootClock::now();
  if (now >= due) co_return http::Wake::kEvent;
  const Place place{*this, sleepers_.emplace(due, &strand)};
  if (place.at == sleepers_.upper_bound(now)) ArmAfter(now);
  for (;;) {
    const http::Wake wake = co_await strand.Wait();
    if (wake != http::Wake::kEvent || BootClock::now() >= due) co_return wake;
  }
}

void Pacer::OnSocketEvent(http::Socket&) {
  uint64_t expirations = 0;
  [[maybe_unused]] const auto count = ::read(timer_.descriptor(), &expirations, sizeof(expirations));
  const BootTime now = BootClock::now();
  for (auto it = sleepers_.begin(); it != sleepers_.end() && it->first <= now; ++it) it->second->Notify();
  ArmAfter(now);
}

// For the first that wasn't due then; those that were have been told. By now it may be due too: a timer for
// what has passed rings at once.
void Pacer::ArmAfter(BootTime now) {
  const auto next = sleepers_.upper_bound(now);
  if (next == sleepers_.end()) return;
  const auto since_boot = next->first.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_boot);
  itimerspec when{};
  when.it_value = {seconds.count(), (since_boot - seconds).count()};
  ::timerfd_settime(timer_.descriptor(), TFD_TIMER_ABSTIME, &when, nullptr);
}

}  // namespace postern::provider
