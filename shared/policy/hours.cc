#include "shared/policy/hours.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "shared/policy/zone.h"

namespace postern::policy {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr uint32_t kMinutesOfDay = 24 * 60;

std::optional<size_t> ReadDay(std::string_view text) {
  const auto* day = std::find(kDays.begin(), kDays.end(), text);
  if (day == kDays.end()) return std::nullopt;
  return static_cast<size_t>(day - kDays.begin());
}

// "mon-fri", "sat,sun", "daily"; "fri-mon" goes over the week's end.
std::optional<std::array<bool, 7>> ReadDays(std::string_view text) {
  std::array<bool, 7> chosen{};
  if (text == "daily") return std::array<bool, 7>{true, true, true, true, true, true, true};
  while (true) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string_view part = text.substr(0, comma);
    const size_t dash = part.find('-');
    const auto first = ReadDay(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : ReadDay(part.substr(dash + 1));
    if (!first || !last) return std::nullopt;
    for (size_t day = *first;; day = (day + 1) % 7) {
      chosen[day] = true;
      if (day == *last) break;
    }
    if (comma == text.size()) return chosen;
    text.remove_prefix(comma + 1);
  }
}

// "08:00", up to "24:00".
std::optional<uint32_t> ReadClock(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto digit = [&text](size_t i) { return static_cast<uint32_t>(text[i] - '0'); };
  for (const size_t i : {0, 1, 3, 4}) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
  }
  const uint32_t hour = digit(0) * 10 + digit(1);
  const uint32_t minute = digit(3) * 10 + digit(4);
  if (minute > 59 || hour * 60 + minute > kMinutesOfDay) return std::nullopt;
  return hour * 60 + minute;
}

wire::Hours Stretch(uint32_t begin, uint32_t end) {
  wire::Hours hours;
  hours.set_begin(begin);
  hours.set_end(end);
  return hours;
}

std::string Clock(uint32_t minute) {
  const auto two = [](uint32_t number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  return two(minute / 60) + ":" + two(minute % 60);
}

// "mon-fri", "sat,sun".
std::string DaysText(const std::array<bool, 7>& chosen) {
  if (std::all_of(chosen.begin(), chosen.end(), [](bool is) { return is; })) return "daily";
  std::string text;
  for (size_t day = 0; day < 7; ++day) {
    if (!chosen[day]) continue;
    size_t last = day;
    while (last + 1 < 7 && chosen[last + 1]) ++last;
    text += (text.empty() ? "" : ",") + std::string(kDays[day]);
    if (last > day) text += (last == day + 1 ? "," : "-") + std::string(kDays[last]);
    day = last;
  }
  return text;
}

}  // namespace

Result<std::vector<wire::Hours>> ReadHours(std::string_view text) {
  const Error wrong{ErrorCode::kInvalid, std::string(kHoursForm)};
  const size_t space = text.find(' ');
  if (space == std::string_view::npos) return wrong;
  const auto days = ReadDays(text.substr(0, space));
  const std::string_view times = text.substr(space + 1);
  const size_t dash = times.find('-');
  if (!days || dash == std::string_view::npos) return wrong;
  const auto begin = ReadClock(times.substr(0, dash));
  auto end = ReadClock(times.substr(dash + 1));
  if (!begin || !end || *begin == *end || *begin == kMinutesOfDay) return wrong;
  if (*end < *begin) *end += kMinutesOfDay;
  std::vector<wire::Hours> hours;
  for (uint32_t day = 0; day < 7; ++day) {
    if (!(*days)[day]) continue;
    const uint32_t from = day * kMinutesOfDay + *begin;
    const uint32_t to = day * kMinutesOfDay + *end;
    hours.push_back(Stretch(from, std::min(to, kMinutesOfWeek)));
    if (to > kMinutesOfWeek) hours.push_back(Stretch(0, to - kMinutesOfWeek));
  }
  return hours;
}

std::string HoursText(const std::vector<wire::Hours>& hours) {
  std::map<std::pair<uint32_t, uint32_t>, std::array<bool, 7>> by_times;
  for (const wire::Hours& stretch : hours) {
    for (uint32_t begin = stretch.begin(); begin < stretch.end();) {
      const uint32_t day = begin / kMinutesOfDay;
      const uint32_t midnight = (day + 1) * kMinutesOfDay;
      const uint32_t end = std::min(stretch.end(), midnight);
      if (day < 7) by_times[{begin - day * kMinutesOfDay, end - day * kMinutesOfDay}][day] = true;
      begin = end;
    }
  }
  std::string text;
  for (const auto& [times, days] : by_times) {
    text +=
        (text.empty() ? "" : ", ") + DaysText(days) + " " + Clock(times.first) + "-" + Clock(times.second);
  }
  return text.empty() ? "never" : text;
}

}  // namespace postern::policy
