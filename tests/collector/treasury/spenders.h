// What the program that is killed and the test that looks at what is left know of each other.
#pragma once

#include <cstdint>
#include <string>

#include "collector/treasury/treasury.h"
#include "shared/policy/zone.h"

namespace postern::treasury {

inline constexpr int kSpenders = 4;
inline constexpr int64_t kSpendersLimit = int64_t{1} << 40;

inline std::string SpenderName(int number) { return "spender" + std::to_string(number); }

// Slots have one window for ever, so that a run over midnight is as any other.
inline Terms SpendersTerms() {
  auto table = limits::Table::Make({{.id = "usd",
                                     .scope = limits::Scope::kOrganisation,
                                     .subject = "",
                                     .within = "",
                                     .unit = limits::Unit::kConcurrent,
                                     .amount = Amount(kSpendersLimit),
                                     .raise = {}}},
                                   policy::Utc());
  return {.limits = std::make_shared<const limits::Table>(std::move(*table))};
}

}  // namespace postern::treasury
