#include "shared/policy/moment.h"

#include <chrono>
#include <string>

#include "shared/base/clock.h"
#include "shared/policy/zone.h"

namespace postern::policy {

Result<int64_t> ReadMoment(const config::Node& node, const wire::TimeZone& zone) {
  ASSIGN_OR_RETURN(const std::string text, node.AsString());
  if (const auto time = ParseRfc3339(text))
    return std::chrono::floor<std::chrono::seconds>(*time).time_since_epoch().count();
  if (text.size() == 10) {
    if (const auto noon = ParseRfc3339(text + "T12:00:00Z")) {
      const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(*noon));
      return BeginOfDay(zone, day);
    }
  }
  return node.Wrong("\"" + text.substr(0, 60) + "\"",
                    "a date such as 2026-12-31 or a time such as 2026-12-31T18:00:00Z");
}

}  // namespace postern::policy
