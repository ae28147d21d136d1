#include "shared/limits/window.h"

#include <chrono>

namespace postern::limits {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::months;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year_month_day;
using std::chrono::years;

Window Aligned(seconds length, WallTime time) {
  const seconds since = floor<seconds>(time.time_since_epoch());
  const seconds rest = (since % length + length) % length;
  const WallTime begin{since - rest};
  return {begin, begin + length};
}

WallTime BeginOf(const wire::TimeZone& zone, year_month_day day) {
  return WallTime(seconds(policy::BeginOfDay(zone, day)));
}

year_month_day FirstDay(Span span, year_month_day day) {
  if (span == Span::kMonth) return day.year() / day.month() / 1;
  if (span == Span::kYear) return day.year() / 1 / 1;
  if (span == Span::kDay) return day;
  const std::chrono::weekday weekday{sys_days(day)};
  return year_month_day(sys_days(day) - days(weekday.iso_encoding() - 1));
}

year_month_day Later(Span span, year_month_day first, int count) {
  switch (span) {
    case Span::kMonth: return first + months(count);
    case Span::kYear: return first + years(count);
    case Span::kWeek: return year_month_day(sys_days(first) + days(7 * count));
    default: return year_month_day(sys_days(first) + days(count));
  }
}

int64_t LastOffset(const wire::TimeZone& zone) {
  return zone.changes().empty() ? zone.offset() : zone.changes(zone.changes_size() - 1).offset();
}

}  // namespace

seconds LengthOf(Span span) {
  switch (span) {
    case Span::kMinute: return seconds(60);
    case Span::kHour: return seconds(3'600);
    case Span::kDay: return days(1);
    case Span::kWeek: return days(7);
    case Span::kMonth: return days(30);
    case Span::kYear: return days(365);
  }
  return seconds(60);
}

bool IsOf(Span span, const Window& window) {
  const auto length = window == kAlways ? WallTime::duration() : window.end - window.begin;
  switch (span) {
    case Span::kMinute: return length == seconds(60);
    case Span::kHour: return length == seconds(3'600);
    case Span::kDay: return length > seconds(3'600) && length < days(3);
    case Span::kWeek: return length >= days(3) && length < days(14);
    case Span::kMonth: return length >= days(14) && length < days(90);
    case Span::kYear: return length >= days(90);
  }
  return false;
}

Window CalendarWindow(Span span, const wire::TimeZone& zone, WallTime time) {
  if (span == Span::kMinute || span == Span::kHour) return Aligned(LengthOf(span), time);
  const int64_t at = floor<seconds>(time).time_since_epoch().count();
  const int64_t offset = policy::OffsetAt(zone, at).value_or(LastOffset(zone));
  const year_month_day today(floor<days>(sys_seconds(seconds(at + offset))));
  year_month_day first = FirstDay(span, today);
  // A clock that is set back over midnight shows a day twice: what counts is the instant at which it begins.
  if (time < BeginOf(zone, first)) first = Later(span, first, -1);
  if (time >= BeginOf(zone, Later(span, first, 1))) first = Later(span, first, 1);
  return {BeginOf(zone, first), BeginOf(zone, Later(span, first, 1))};
}

}  // namespace postern::limits
