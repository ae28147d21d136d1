// The lines of /metrics and the members of /status that speak of what this host may spend. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "agent/gate/metrics.h"
#include "agent/membership/limit_terms.h"
#include "agent/purse/purse.h"

namespace postern::operations {

struct MoneyView {
  std::vector<purse::Balance> balances;
  size_t in_flight = 0;                           // exchanges that have something reserved
  const membership::LimitTerms* terms = nullptr;  // null: the policy in force has no limits
  gate::ExtensionCounts extensions = {};
};

// Without names: whoever is on this machine may read them.
void AppendMoneyMetrics(std::string& out, const MoneyView& view);

// ",\"exchanges_paid_for\":…,\"extensions_granted\":…,\"extensions_refused\":…,\"limits\":[…]", members of an
// object that has begun: of each account what this host was given and hasn't returned, what it has used and
// reserved of it, what is spare, and what the collector has left, as it last said. Dollars as decimals, all
// else as whole numbers.
std::string MoneyMembers(const MoneyView& view);

}  // namespace postern::operations
