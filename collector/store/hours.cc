#include "collector/store/hours.h"

#include <chrono>
#include <cstdio>

namespace postern::store {

Hour HourOf(WallTime time) {
  return static_cast<Hour>(std::chrono::floor<std::chrono::hours>(time).time_since_epoch().count());
}

Hour HourAtOrAfter(WallTime time) {
  const Hour hour = HourOf(time);
  return BeginningOf(hour) < time ? hour + 1 : hour;
}

WallTime BeginningOf(Hour hour) {
  // The hour in which WallTime begins does so within it.
  if (hour <= HourOf(WallTime::min())) return WallTime::min();
  return WallTime(std::chrono::hours(hour));
}

Hour DayOf(Hour hour) {
  const Hour rest = hour % kHoursOfADay;
  return hour - (rest < 0 ? rest + kHoursOfADay : rest);
}

std::string DayName(Hour hour) {
  const std::chrono::year_month_day date{
      std::chrono::sys_days{std::chrono::days(DayOf(hour) / kHoursOfADay)}};
  char text[32];
  std::snprintf(text, sizeof(text), "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text;
}

std::string HourName(Hour hour) {
  char text[8];
  std::snprintf(text, sizeof(text), "T%02d", hour - DayOf(hour));
  return DayName(hour) + text;
}

}  // namespace postern::store
