// "since when", as people write it. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "shared/base/clock.h"

namespace postern::commands {

// "90s", "30m", "2h", "7d" before now, "2026-11-23" or "2026-11-23T10:30:00Z" (UTC). Nothing when it is none
// of these.
std::optional<WallTime> ParseSince(std::string_view text, WallTime now);

}  // namespace postern::commands
