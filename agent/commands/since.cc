#include "agent/commands/since.h"

#include <charconv>
#include <string>

namespace postern::commands {
namespace {

// Exactly these digits, as a number; -1 when they are not digits.
int Digits(std::string_view text) {
  int number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool good = problem == std::errc{} && end == text.data() + text.size() && number >= 0;
  return good ? number : -1;
}

std::optional<std::chrono::nanoseconds> ParseAge(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  const int count = Digits(text.substr(0, text.size() - 1));
  if (count < 0) return std::nullopt;
  switch (text.back()) {
    case 's': return std::chrono::seconds(count);
    case 'm': return std::chrono::minutes(count);
    case 'h': return std::chrono::hours(count);
    case 'd': return std::chrono::hours(24) * count;
    default: return std::nullopt;
  }
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

}  // namespace

std::optional<WallTime> ParseSince(std::string_view text, WallTime now) {
  if (const auto age = ParseAge(text)) return now - *age;
  const bool has_time = HasForm(text, "0000-00-00T00:00:00Z");
  if (!has_time && !HasForm(text, "0000-00-00")) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(Digits(text.substr(0, 4))),
                                         std::chrono::month(static_cast<unsigned>(Digits(text.substr(5, 2)))),
                                         std::chrono::day(static_cast<unsigned>(Digits(text.substr(8, 2)))));
  if (!date.ok()) return std::nullopt;
  WallTime time = std::chrono::sys_days(date);
  if (!has_time) return time;
  const int hours = Digits(text.substr(11, 2));
  const int minutes = Digits(text.substr(14, 2));
  const int seconds = Digits(text.substr(17, 2));
  if (hours > 23 || minutes > 59 || seconds > 60) return std::nullopt;
  return time + std::chrono::hours(hours) + std::chrono::minutes(minutes) + std::chrono::seconds(seconds);
}

}  // namespace postern::commands
