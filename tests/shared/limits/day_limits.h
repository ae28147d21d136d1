// Limits of the whole organisation, a day long, as tests of ledger, treasury and intake have them.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "shared/limits/table.h"
#include "shared/policy/zone.h"

namespace postern::limits {

inline constexpr WallTime kSomeDay{std::chrono::seconds(1'795'435'200)};

inline Limit DayLimit(std::string id, Unit unit, int64_t amount) {
  return {.id = std::move(id),
          .scope = Scope::kOrganisation,
          .subject = "",
          .within = "",
          .unit = unit,
          .amount = Amount(amount),
          .span = Span::kDay,
          .raise = {}};
}

inline std::shared_ptr<const Table> TableOf(std::vector<Limit> limits) {
  auto table = Table::Make(std::move(limits), policy::Utc());
  return std::make_shared<const Table>(std::move(*table));
}

}  // namespace postern::limits
