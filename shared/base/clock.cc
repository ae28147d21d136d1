#include "shared/base/clock.h"

#include <array>
#include <ctime>

#include <fmt/format.h>

namespace postern {
namespace {

// Exactly these digits, as a number; -1 where they are none.
int Digits(std::string_view text) {
  int number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return -1;
    number = number * 10 + (c - '0');
  }
  return text.empty() ? -1 : number;
}

// "Z", "+01:00", "-09:30": how far ahead of UTC.
std::optional<std::chrono::minutes> Offset(std::string_view text) {
  if (text == "Z") return std::chrono::minutes(0);
  if (text.size() != 6 || text[3] != ':' || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int hours = Digits(text.substr(1, 2));
  const int minutes = Digits(text.substr(4, 2));
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
  const std::chrono::minutes ahead(hours * 60 + minutes);
  return text[0] == '+' ? ahead : -ahead;
}

// ".5" is half a second; the rest of the text follows it.
std::optional<std::chrono::nanoseconds> TakeFraction(std::string_view& text) {
  if (!text.starts_with('.')) return std::chrono::nanoseconds(0);
  size_t end = 1;
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
  if (end == 1 || end > 10) return std::nullopt;
  int nanoseconds = Digits(text.substr(1, end - 1));
  for (size_t digit = end - 1; digit < 9; ++digit) nanoseconds *= 10;
  text.remove_prefix(end);
  return std::chrono::nanoseconds(nanoseconds);
}

}  // namespace

BootClock::time_point BootClock::now() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return time_point(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

WallTime WallNow() noexcept {
  return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
}

std::string FormatRfc3339(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::optional<WallTime> ParseRfc3339(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00";
  if (text.size() <= kForm.size()) return std::nullopt;
  for (size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] != '0' && text[i] != kForm[i]) return std::nullopt;
  }
  constexpr std::array<std::array<size_t, 2>, 6> kNumbers{
      {{0, 4}, {5, 2}, {8, 2}, {11, 2}, {14, 2}, {17, 2}}};
  std::array<int, 6> number{};
  for (size_t i = 0; i < number.size(); ++i) {
    number[i] = Digits(text.substr(kNumbers[i][0], kNumbers[i][1]));
    if (number[i] < 0) return std::nullopt;
  }
  const std::chrono::year_month_day date(std::chrono::year(number[0]),
                                         std::chrono::month(static_cast<unsigned>(number[1])),
                                         std::chrono::day(static_cast<unsigned>(number[2])));
  if (!date.ok() || number[0] < 1970 || number[0] > 2261) return std::nullopt;
  if (number[3] > 23 || number[4] > 59 || number[5] > 60) return std::nullopt;
  text.remove_prefix(kForm.size());
  const auto fraction = TakeFraction(text);
  const auto offset = fraction ? Offset(text) : std::nullopt;
  if (!offset) return std::nullopt;
  return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(number[3]) +
         std::chrono::minutes(number[4]) + std::chrono::seconds(number[5]) + *fraction - *offset;
}

}  // namespace postern
