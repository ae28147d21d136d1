// What people ask of the record, as text: names and values of a query, read strictly. Pure.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/store/types.h"
#include "shared/base/result.h"

namespace postern::audit {

using Parameters = std::multimap<std::string, std::string, std::less<>>;

// A page of events, or what follows a place in the log.
struct EventQuery {
  store::EventFilter filter;
  std::optional<store::Cursor> cursor;
  size_t limit = 100;
  std::chrono::seconds wait{0};  // only where it follows
  bool follows = false;          // what comes after a place, the oldest first
};

struct UsageQuery {
  store::SumQuery sums;
  std::vector<std::string> by;  // as they were written
};

// limit, cursor, after, wait, from, to, and the filters by their names. kInvalid, naming the parameter, for
// one that isn't known, is given twice, or has a value that it can't have.
Result<EventQuery> ParseEventQuery(const Parameters& parameters);

// by, from, to, and the filters that sums know. Without `from`, 30 days before `to`; without `to`, now.
Result<UsageQuery> ParseUsageQuery(const Parameters& parameters, WallTime now);

// limit and cursor, as every list has them, and `known` besides, whose values are returned.
struct ListQuery {
  std::optional<store::Cursor> cursor;
  size_t limit = 100;
  std::map<std::string, std::string, std::less<>> values;
};
Result<ListQuery> ParseListQuery(const Parameters& parameters, const std::vector<std::string_view>& known);

// "2026-11-23" or RFC 3339.
std::optional<WallTime> ParseTime(std::string_view text);

}  // namespace postern::audit
