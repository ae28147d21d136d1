// The stretch of time that a limit's amount is for.
//
// Calendar windows follow the organisation's clock on the wall, by the zone table that the policy carries
// (shared/policy/zone.h), and divide all time without a gap or an overlap, whatever the clock does: a day has
// 23, 24 or 25 hours. Minutes and hours are those of UTC, which the zones of this world share but for a few
// half and quarter hours. Past the end of the table its last offset holds: a limit must not end with a table.
#pragma once

#include "shared/base/clock.h"
#include "shared/limits/limit.h"
#include "shared/policy/zone.h"

namespace postern::limits {

// From `begin` until before `end`. It is named by both: a limit whose span changes counts anew, in a window
// of its own.
struct Window {
  WallTime begin{};
  WallTime end{};

  bool Contains(WallTime time) const { return begin <= time && time < end; }

  friend auto operator<=>(const Window&, const Window&) = default;
};

// That of leases: what is leased belongs to no window.
inline constexpr Window kAlways{WallTime::min(), WallTime::max()};

// A rolling window's length; of a month 30 days, of a year 365.
std::chrono::seconds LengthOf(Span span);

// Whether a window is one of that span, by the calendar or rolling. Windows of two spans never have the same
// length, whatever a clock on the wall does.
bool IsOf(Span span, const Window& window);

// The calendar's window around `time`. A week begins on Monday.
Window CalendarWindow(Span span, const wire::TimeZone& zone, WallTime time);

}  // namespace postern::limits
