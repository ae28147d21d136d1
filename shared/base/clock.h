// The two clocks. Deadlines and ages are boot time: it never jumps and counts while the machine sleeps.
// What people read and prices depend on is wall time. Pure modules take either as an argument.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern {

// CLOCK_BOOTTIME, as a std clock.
struct BootClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;
  static time_point now() noexcept;
};

using BootTime = BootClock::time_point;
using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;

WallTime WallNow() noexcept;

// "2026-11-23T22:18:55.123456789Z" (RFC 3339, always UTC, always nine digits).
std::string FormatRfc3339(WallTime time);

// "2026-11-23T22:18:55Z", with up to nine digits of a second and "Z" or an offset ("+01:00"); from 1970 to
// 2261. Nothing for anything else.
std::optional<WallTime> ParseRfc3339(std::string_view text);

}  // namespace postern
