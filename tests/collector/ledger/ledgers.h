// A limit of each unit, two holders and a day, for tests of the ledger.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "collector/ledger/ledger.h"
#include "shared/policy/zone.h"

namespace postern::ledger {

inline constexpr WallTime kNow{std::chrono::seconds(1'795'435'200)};
inline const Holder kA{"a", 1};
inline const Holder kB{"b", 1};

inline limits::Limit Of(std::string id, limits::Unit unit, int64_t amount) {
  return {.id = std::move(id),
          .scope = limits::Scope::kOrganisation,
          .subject = "",
          .within = "",
          .unit = unit,
          .amount = Amount(amount),
          .span = limits::Span::kDay,
          .raise = {}};
}

inline Ledger::Limits Limits(int64_t dollars, int64_t requests = 1'000, int64_t slots = 4) {
  auto table = limits::Table::Make(
      {Of("usd", limits::Unit::kUsd, dollars), Of("requests", limits::Unit::kRequests, requests),
       Of("slots", limits::Unit::kConcurrent, slots)},
      policy::Utc());
  return std::make_shared<const limits::Table>(std::move(*table));
}

inline limits::Demand Want(uint64_t number, const char* account, int64_t amount) {
  limits::Claim claim;
  claim.account = account;
  claim.amount = Amount(amount);
  return {number, kNow, {claim}};
}

inline const limits::Window kToday = Limits(1)->WindowOf(*Limits(1)->Find("usd"), kNow);

}  // namespace postern::ledger
