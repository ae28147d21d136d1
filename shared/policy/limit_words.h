// A limit in words: for differences, explanations, refusals and lists.
//
//   "team ml"          "$500 a month, strictly, and $50 more until Thursday 31 December 2026 00:00 (UTC)"
//   "each key"         "60 requests a minute, rolling"
//   "each key with model claude-opus-5-5"   "4 at once"
#pragma once

#include <cstdint>
#include <string>

#include "shared/base/clock.h"
#include "shared/wire/policy.pb.h"

namespace postern::policy {

// Exactly: "500", "0.05", "0.000000001".
std::string DollarText(int64_t nano_dollars);

// "$500", "60 requests", "1 token", "4 at once".
std::string AmountText(wire::LimitUnit unit, int64_t amount);

std::string WhomText(const wire::PolicyLimit& limit);

// The whole of it but for whom it is. A raise that is over at `now` is left out.
std::string LimitText(const wire::PolicyLimit& limit, const wire::TimeZone& zone, WallTime now);

}  // namespace postern::policy
