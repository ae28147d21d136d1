#include "agent/purse/agent_clock.h"

#include <algorithm>

namespace postern::purse {
namespace {

// What a collector's clock may say; the rest is no time. (2001 and 2223.)
constexpr int64_t kEarliest = 1'000'000'000'000'000'000;
constexpr int64_t kLatest = 8'000'000'000'000'000'000;

}  // namespace

std::chrono::nanoseconds AgentClock::Take(const Heard& heard) {
  const int64_t collector = heard.collector.time_since_epoch().count();
  const int64_t sent = heard.sent.time_since_epoch().count();
  const int64_t error = (heard.arrived.time_since_epoch().count() - sent) / 2;
  if (collector < kEarliest || collector > kLatest || error < 0) return {};
  const int64_t measured = collector - (sent + error);
  const int64_t before = offset_.load(std::memory_order_relaxed);
  const int64_t after = is_set() ? std::clamp(before, measured - error, measured + error) : measured;
  offset_.store(after, std::memory_order_relaxed);
  is_set_.store(true, std::memory_order_release);
  return std::chrono::nanoseconds(after - before);
}

}  // namespace postern::purse
