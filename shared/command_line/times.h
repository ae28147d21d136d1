// Times and ages as people write and read them. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/clock.h"

namespace postern::command_line {

// "90s", "30m", "2h", "7d" before now, "2026-11-23" or "2026-11-23T10:30:00Z" (UTC). Nothing when it is none
// of these.
std::optional<WallTime> ParseSince(std::string_view text, WallTime now);

// The same with ages that lie ahead: "90d" from now. Nothing too where that time isn't to come.
std::optional<std::chrono::sys_seconds> ParseUntil(std::string_view text, WallTime now);

// "2026-11-23T22:18:55Z": as the API takes a time.
std::string FormatSeconds(std::chrono::sys_seconds time);

// "2026-11-23 22:18:55", UTC: as tables show a time.
std::string FormatTime(WallTime time);

// "3s", "12m", "5h", "8d": how long, in its largest unit.
std::string FormatAge(std::chrono::nanoseconds age);

inline constexpr std::string_view kSinceForms =
    "an age such as 90s, 30m, 2h or 7d, or a time such as 2026-11-23 or 2026-11-23T10:30:00Z";

}  // namespace postern::command_line
