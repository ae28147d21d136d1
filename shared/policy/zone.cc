#include "shared/policy/zone.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "shared/policy/limits.h"

namespace postern::policy {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr int64_t kDay = 86'400;

int64_t UnixSeconds(WallTime time) { return floor<seconds>(time).time_since_epoch().count(); }

// Past the end of the table: its last offset.
int64_t OffsetOrLast(const wire::TimeZone& zone, int64_t at) {
  int64_t offset = zone.offset();
  for (const wire::ZoneChange& change : zone.changes()) {
    if (change.at() > at) break;
    offset = change.offset();
  }
  return offset;
}

std::string TwoDigits(int64_t number) { return (number < 10 ? "0" : "") + std::to_string(number); }

}  // namespace

wire::TimeZone Utc() {
  wire::TimeZone zone;
  zone.set_name("UTC");
  return zone;
}

Status CheckZone(const wire::TimeZone& zone) {
  const auto wrong = [](const char* what) {
    return Error{ErrorCode::kInvalid, std::string("the policy's time zone ") + what};
  };
  const auto is_sound = [](int64_t offset) { return offset > -kDay && offset < kDay; };
  if (zone.changes_size() > static_cast<int>(kMostZoneChanges)) return wrong("has too many changes");
  if (zone.name().size() > kMostNameBytes) return wrong("has too long a name");
  if (!is_sound(zone.offset())) return wrong("is a day or more from UTC");
  for (int i = 0; i < zone.changes_size(); ++i) {
    if (!is_sound(zone.changes(i).offset())) return wrong("is a day or more from UTC");
    if (i > 0 && zone.changes(i).at() <= zone.changes(i - 1).at()) return wrong("has changes out of order");
  }
  return Ok{};
}

std::optional<int64_t> OffsetAt(const wire::TimeZone& zone, int64_t unix_seconds) {
  if (zone.until() != 0 && unix_seconds >= zone.until()) return std::nullopt;
  const auto after =
      std::upper_bound(zone.changes().begin(), zone.changes().end(), unix_seconds,
                       [](int64_t at, const wire::ZoneChange& change) { return at < change.at(); });
  return after == zone.changes().begin() ? zone.offset() : std::prev(after)->offset();
}

std::optional<uint32_t> MinuteOfWeek(const wire::TimeZone& zone, WallTime time) {
  const int64_t at = UnixSeconds(time);
  const auto offset = OffsetAt(zone, at);
  if (!offset) return std::nullopt;
  constexpr int64_t kThursday = 3 * kDay;  // 1 January 1970
  constexpr int64_t kWeek = 7 * kDay;
  const int64_t of_week = ((at + *offset + kThursday) % kWeek + kWeek) % kWeek;
  return static_cast<uint32_t>(of_week / 60);
}

int64_t BeginOfDay(const wire::TimeZone& zone, std::chrono::year_month_day day) {
  const int64_t local = sys_seconds(sys_days(day)).time_since_epoch().count();
  // Of the two offsets around a change the one that holds at the instant it yields.
  const int64_t first = local - OffsetOrLast(zone, local - kDay);
  return OffsetOrLast(zone, first) == OffsetOrLast(zone, local - kDay) ? first
                                                                       : local - OffsetOrLast(zone, first);
}

std::string Spoken(const wire::TimeZone& zone, WallTime time) {
  static constexpr std::array<const char*, 7> kWeekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                           "Thursday", "Friday", "Saturday"};
  static constexpr std::array<const char*, 12> kMonths = {"January",   "February", "March",    "April",
                                                          "May",       "June",     "July",     "August",
                                                          "September", "October",  "November", "December"};
  const int64_t at = UnixSeconds(time);
  const sys_seconds local{seconds(at + OffsetOrLast(zone, at))};
  const sys_days day = floor<days>(local);
  const std::chrono::year_month_day date(day);
  const int64_t minute = (local - day).count() / 60;
  return std::string(kWeekdays[std::chrono::weekday(day).c_encoding()]) + " " +
         std::to_string(static_cast<unsigned>(date.day())) + " " +
         kMonths[static_cast<unsigned>(date.month()) - 1] + " " +
         std::to_string(static_cast<int>(date.year())) + " " + TwoDigits(minute / 60) + ":" +
         TwoDigits(minute % 60) + " (" + (zone.name().empty() ? "UTC" : zone.name()) + ")";
}

}  // namespace postern::policy
