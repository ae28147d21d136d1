// Files of the tz database: TZif (RFC 8536) of version 2 or later, whose last line says what comes after the
// listed changes, in the manner of POSIX:
//
//   CET-1CEST,M3.5.0,M10.5.0/3   an hour east, two from the last Sunday of March, 2:00, to that of October,
//   3:00
#include <algorithm>
#include <bit>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "shared/policy/limits.h"
#include "shared/policy/zone.h"

namespace postern::policy {
namespace {

constexpr int kYearsAhead = 20;
constexpr int64_t kDay = 86'400;
constexpr int64_t kSecondsBefore = 366 * kDay;

struct Change {
  int64_t at;
  int64_t offset;
};

// Reads big-endian numbers; past the end everything is 0 and `failed`.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}

  std::string_view Take(size_t size) {
    if (size > bytes_.size()) {
      failed_ = true;
      bytes_ = {};
      return {};
    }
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  int64_t Number(size_t size) {
    uint64_t number = 0;
    const std::string_view taken = Take(size);
    for (const char c : taken) number = number << 8 | static_cast<unsigned char>(c);
    return size == 4 ? static_cast<int64_t>(static_cast<int32_t>(number)) : static_cast<int64_t>(number);
  }
  bool failed() const { return failed_; }
  std::string_view rest() const { return bytes_; }

 private:
  std::string_view bytes_;
  bool failed_ = false;
};

struct Counts {
  size_t utc, standard, leaps, times, types, letters;

  size_t Size(size_t time_size) const {
    return times * (time_size + 1) + types * 6 + letters + leaps * (time_size + 4) + standard + utc;
  }
};

std::optional<Counts> ReadHeader(Bytes& bytes) {
  if (bytes.Take(4) != "TZif") return std::nullopt;
  const std::string_view version = bytes.Take(1);
  bytes.Take(15);
  const auto count = [&bytes] { return static_cast<size_t>(static_cast<uint32_t>(bytes.Number(4))); };
  Counts counts{};
  for (size_t* part :
       {&counts.utc, &counts.standard, &counts.leaps, &counts.times, &counts.types, &counts.letters}) {
    *part = count();
    if (*part > 100'000) return std::nullopt;
  }
  if (bytes.failed() || version.empty() || version[0] < '2') return std::nullopt;
  return counts;
}

// A date of every year, as POSIX writes it: Mm.w.d, Jn or n, then perhaps "/" and a time.
struct YearlyDate {
  enum class Form { kWeekday, kNumberWithoutLeap, kNumber } form = Form::kWeekday;
  int month = 0, week = 0, day = 0;
  int64_t time = 2 * 3600;  // of local time before the change

  // Local time, as if it were UTC.
  int64_t In(int year) const {
    using namespace std::chrono_literals;
    const auto first = std::chrono::sys_days(std::chrono::year(year) / 1 / 1);
    std::chrono::sys_days date = first;
    if (form == Form::kWeekday) {
      const auto ym = std::chrono::year(year) / std::chrono::month(static_cast<unsigned>(month));
      const std::chrono::weekday weekday(static_cast<unsigned>(day));
      date = week == 5 ? std::chrono::sys_days(ym / weekday[std::chrono::last])
                       : std::chrono::sys_days(ym / weekday[static_cast<unsigned>(week)]);
    } else {
      int day_of_year = form == Form::kNumber ? day : day - 1;
      if (form == Form::kNumberWithoutLeap && std::chrono::year(year).is_leap() && day >= 60) ++day_of_year;
      date = first + std::chrono::days(day_of_year);
    }
    return date.time_since_epoch().count() * kDay + time;
  }
};

struct Rule {
  int64_t standard = 0;  // seconds east
  std::optional<int64_t> summer;
  YearlyDate begin, end;
};

// The grammar of POSIX's TZ, with RFC 8536's hours of -167 to 167.
class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : text_(text) {}

  std::optional<Rule> Read() {
    Rule rule;
    if (!SkipName()) return std::nullopt;
    const auto standard = Time();
    if (!standard) return std::nullopt;
    rule.standard = -*standard;
    if (text_.empty()) return rule;
    if (!SkipName()) return std::nullopt;
    rule.summer = rule.standard + 3600;
    if (!text_.starts_with(',')) {
      const auto summer = Time();
      if (!summer) return std::nullopt;
      rule.summer = -*summer;
    }
    if (!Take(',') || !Date(rule.begin) || !Take(',') || !Date(rule.end) || !text_.empty())
      return std::nullopt;
    return rule;
  }

 private:
  bool Take(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }

  bool SkipName() {
    if (Take('<')) {
      const size_t end = text_.find('>');
      if (end == std::string_view::npos) return false;
      text_.remove_prefix(end + 1);
      return true;
    }
    const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
    const size_t size =
        static_cast<size_t>(std::find_if_not(text_.begin(), text_.end(), is_letter) - text_.begin());
    text_.remove_prefix(size);
    return size >= 3;
  }

  std::optional<int64_t> Number(int64_t most) {
    int64_t number = 0;
    size_t digits = 0;
    for (; digits < text_.size() && digits < 4 && text_[digits] >= '0' && text_[digits] <= '9'; ++digits)
      number = number * 10 + (text_[digits] - '0');
    text_.remove_prefix(digits);
    return digits > 0 && number <= most ? std::optional(number) : std::nullopt;
  }

  std::optional<int64_t> Time() {
    const bool negative = Take('-');
    if (!negative) Take('+');
    const auto hours = Number(167);
    if (!hours) return std::nullopt;
    int64_t time = *hours * 3600;
    for (const int64_t unit : {60, 1}) {
      if (!Take(':')) break;
      const auto part = Number(59);
      if (!part) return std::nullopt;
      time += *part * unit;
    }
    return negative ? -time : time;
  }

  bool Date(YearlyDate& date) {
    const auto number = [this](int64_t least, int64_t most, int& into) {
      const auto read = Number(most);
      if (!read || *read < least) return false;
      into = static_cast<int>(*read);
      return true;
    };
    if (Take('M')) {
      if (!number(1, 12, date.month) || !Take('.') || !number(1, 5, date.week) || !Take('.') ||
          !number(0, 6, date.day))
        return false;
    } else if (Take('J')) {
      date.form = YearlyDate::Form::kNumberWithoutLeap;
      if (!number(1, 365, date.day)) return false;
    } else {
      date.form = YearlyDate::Form::kNumber;
      if (!number(0, 365, date.day)) return false;
    }
    if (!Take('/')) return true;
    const auto time = Time();
    if (!time) return false;
    date.time = *time;
    return true;
  }

  std::string_view text_;
};

// Changes by the rule, after `after` and up to the year's end.
void AddByRule(const Rule& rule, int64_t after, int first_year, int last_year, std::vector<Change>& changes) {
  std::vector<Change> added;
  for (int year = first_year; rule.summer && year <= last_year; ++year) {
    added.push_back({rule.begin.In(year) - rule.standard, *rule.summer});
    added.push_back({rule.end.In(year) - *rule.summer, rule.standard});
  }
  if (!rule.summer) added.push_back({after + 1, rule.standard});
  std::sort(added.begin(), added.end(), [](const Change& a, const Change& b) { return a.at < b.at; });
  for (const Change& change : added) {
    if (change.at > after) changes.push_back(change);
  }
}

int YearOf(int64_t unix_seconds) {
  const std::chrono::sys_seconds at{std::chrono::seconds(unix_seconds)};
  return static_cast<int>(std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(at)).year());
}

// The block of 64-bit times: all changes, the first offset being that of the first type.
std::optional<std::vector<Change>> ReadChanges(Bytes& bytes, const Counts& counts) {
  std::vector<int64_t> times(counts.times);
  for (int64_t& time : times) time = bytes.Number(8);
  const std::string_view types = bytes.Take(counts.times);
  std::vector<int64_t> offsets(counts.types);
  for (int64_t& offset : offsets) {
    offset = bytes.Number(4);
    bytes.Take(2);
  }
  bytes.Take(counts.letters + counts.standard + counts.utc);
  if (bytes.failed() || offsets.empty()) return std::nullopt;
  std::vector<Change> changes = {{INT64_MIN, offsets[0]}};
  for (size_t i = 0; i < times.size(); ++i) {
    const auto type = static_cast<unsigned char>(types[i]);
    if (type >= offsets.size() || times[i] < changes.back().at) return std::nullopt;
    changes.push_back({times[i], offsets[type]});
  }
  return changes;
}

wire::TimeZone TableOf(const std::vector<Change>& changes, const std::string& name, int64_t from,
                       int64_t until) {
  wire::TimeZone zone;
  zone.set_name(name);
  zone.set_until(until);
  int64_t offset = changes.front().offset;
  for (const Change& change : changes) {
    if (change.at >= until) break;
    if (change.at <= from) {
      zone.set_offset(static_cast<int32_t>(change.offset));
    } else if (change.offset != offset) {
      wire::ZoneChange* added = zone.add_changes();
      added->set_at(change.at);
      added->set_offset(static_cast<int32_t>(change.offset));
    }
    offset = change.offset;
  }
  return zone;
}

}  // namespace

Result<wire::TimeZone> ReadZone(std::string_view tzif, const std::string& name, WallTime now) {
  const Error wrong{ErrorCode::kInvalid,
                    "the file of the time zone " + name + " is no TZif file of version 2 or later"};
  Bytes bytes(tzif);
  const auto first = ReadHeader(bytes);
  if (!first) return wrong;
  bytes.Take(first->Size(4));
  const auto counts = ReadHeader(bytes);
  if (!counts) return wrong;
  if (counts->leaps != 0)
    return Error{ErrorCode::kInvalid,
                 "the time zone " + name + " counts leap seconds, which clocks here don't"};
  auto changes = ReadChanges(bytes, *counts);
  std::string_view footer = bytes.rest();
  if (!changes || !footer.starts_with('\n') || !footer.ends_with('\n') || footer.size() < 2) return wrong;
  footer = footer.substr(1, footer.size() - 2);
  const auto rule = RuleReader(footer).Read();
  if (!rule)
    return Error{ErrorCode::kInvalid, "the time zone " + name + " has no rule for the years to come"};
  const int64_t at = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  const int64_t from = at - kSecondsBefore;
  const int64_t until = at + int64_t{kYearsAhead} * 366 * kDay;
  const int64_t last = std::max(changes->back().at, INT64_MIN / 2);
  AddByRule(*rule, last, YearOf(std::max(last, from)) - 1, YearOf(until) + 1, *changes);
  wire::TimeZone zone = TableOf(*changes, name, from, until);
  RETURN_IF_ERROR(CheckZone(zone));
  return zone;
}

}  // namespace postern::policy
