// Whole hours since 1970, UTC: the grain of sums, and of times in indexes.
#pragma once

#include <cstdint>
#include <string>

#include "shared/base/clock.h"

namespace postern::store {

using Hour = int32_t;  // all that a WallTime can say fits: ±2.6 million

constexpr Hour kHoursOfADay = 24;

Hour HourOf(WallTime time);         // the one that it lies in
Hour HourAtOrAfter(WallTime time);  // the first that doesn't begin before it
WallTime BeginningOf(Hour hour);    // the earliest WallTime of it
Hour DayOf(Hour hour);              // the first hour of its day

std::string DayName(Hour hour);   // "2026-11-23"
std::string HourName(Hour hour);  // "2026-11-23T22"

}  // namespace postern::store
