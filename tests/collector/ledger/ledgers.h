// A limit of each unit, two holders and a day, for tests of the ledger.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "collector/ledger/ledger.h"
#include "tests/shared/limits/day_limits.h"

namespace postern::ledger {

inline constexpr WallTime kNow = limits::kSomeDay;
inline const Holder kA{"a", 1};
inline const Holder kB{"b", 1};

inline Ledger::Limits Limits(int64_t dollars, int64_t requests = 1'000, int64_t slots = 4) {
  return limits::TableOf({limits::DayLimit("usd", limits::Unit::kUsd, dollars),
                          limits::DayLimit("requests", limits::Unit::kRequests, requests),
                          limits::DayLimit("slots", limits::Unit::kConcurrent, slots)});
}

inline limits::Demand Want(uint64_t number, const char* account, int64_t amount) {
  limits::Claim claim;
  claim.account = account;
  claim.amount = Amount(amount);
  return {number, kNow, {claim}};
}

inline const limits::Window kToday = Limits(1)->WindowOf(*Limits(1)->Find("usd"), kNow);

}  // namespace postern::ledger
