#include "shared/command_line/times.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <string>

namespace postern::command_line {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

// Beyond these, nanoseconds since 1970 would overflow, and nobody means them.
constexpr seconds kLongestAge = std::chrono::days(40'000);
constexpr sys_seconds kLatest = std::chrono::sys_days(std::chrono::year(2200) / 1 / 1);

// Exactly these digits, as a number; -1 when they are not digits.
int Digits(std::string_view text) {
  int number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool good = problem == std::errc{} && end == text.data() + text.size() && number >= 0;
  return good ? number : -1;
}

std::optional<seconds> ParseAge(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  const int count = Digits(text.substr(0, text.size() - 1));
  if (count < 0) return std::nullopt;
  seconds age{count};
  switch (text.back()) {
    case 's': break;
    case 'm': age *= 60; break;
    case 'h': age *= 3600; break;
    case 'd': age *= 86400; break;
    default: return std::nullopt;
  }
  return age <= kLongestAge ? std::optional(age) : std::nullopt;
}

// A template of digits ('0') and characters that must be themselves.
bool HasForm(std::string_view text, std::string_view form) {
  if (text.size() != form.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (form[i] == '0' ? !digit : text[i] != form[i]) return false;
  }
  return true;
}

// A date, or a date and a time of day.
std::optional<sys_seconds> ParseDate(std::string_view text) {
  const bool has_time = HasForm(text, "0000-00-00T00:00:00Z");
  if (!has_time && !HasForm(text, "0000-00-00")) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(Digits(text.substr(0, 4))),
                                         std::chrono::month(static_cast<unsigned>(Digits(text.substr(5, 2)))),
                                         std::chrono::day(static_cast<unsigned>(Digits(text.substr(8, 2)))));
  if (!date.ok()) return std::nullopt;
  const sys_seconds time = std::chrono::sys_days(date);
  if (!has_time) return time;
  const int hours = Digits(text.substr(11, 2));
  const int minutes = Digits(text.substr(14, 2));
  const int second = Digits(text.substr(17, 2));
  if (hours > 23 || minutes > 59 || second > 60) return std::nullopt;
  return time + std::chrono::hours(hours) + std::chrono::minutes(minutes) + seconds(second);
}

}  // namespace

std::optional<WallTime> ParseSince(std::string_view text, WallTime now) {
  if (const auto age = ParseAge(text)) return now - *age;
  const auto time = ParseDate(text);
  return time && *time < kLatest ? std::optional<WallTime>(*time) : std::nullopt;
}

std::optional<sys_seconds> ParseUntil(std::string_view text, WallTime now) {
  const auto age = ParseAge(text);
  const sys_seconds start = std::chrono::floor<seconds>(now);
  const auto time = age ? start + *age : ParseDate(text);
  return time && *time > start ? time : std::nullopt;
}

std::string FormatSeconds(sys_seconds time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  char text[40];
  const int size =
      std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                    static_cast<int>(clock.seconds().count()));
  return {text, static_cast<size_t>(size)};
}

std::string FormatTime(WallTime time) {
  std::string text = FormatRfc3339(time).substr(0, 19);
  text[10] = ' ';
  return text;
}

std::string FormatAge(std::chrono::nanoseconds age) {
  const int64_t count = std::max<int64_t>(0, std::chrono::duration_cast<seconds>(age).count());
  if (count < 60) return std::to_string(count) + "s";
  if (count < 3600) return std::to_string(count / 60) + "m";
  if (count < 2 * 86400) return std::to_string(count / 3600) + "h";
  return std::to_string(count / 86400) + "d";
}

}  // namespace postern::command_line
