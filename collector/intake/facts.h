// What the store is told of an agent's event, so that it can be found and summed: taken from the event's body
// once, when it comes in. Names and numbers are the agent's claims; they are cut to bounds here. Pure.
#pragma once

#include <string>
#include <vector>

#include "collector/intake/event_glance.h"
#include "collector/store/types.h"
#include "shared/limits/grant.h"

namespace postern::intake {

// The facts that an outcome has from its intent: who, with which key, which model.
struct ExchangeFacts {
  std::string organisation, team, user, key, model, session;

  friend bool operator==(const ExchangeFacts&, const ExchangeFacts&) = default;
};

ExchangeFacts ExchangeFactsOf(const Glance& intent);

// Of everything but outcomes.
store::EventFacts FactsOf(const Glance& event, const std::string& host);

// Of an event that holds an outcome. Without facts of its intent, which the collector may never have seen
// (the agent's disk was full, the chain has a hole), it is found by time, kind and host alone.
store::EventFacts FactsOfOutcome(const Glance& event, const std::string& host, ExchangeFacts intent);

// Each number at most store::kMaxSpending and none negative, whatever the agent claims.
store::Spending SpendingOf(const Glance& outcome);

// What the ledger is told of an outcome. What the numbers say is the agent's claim.
std::vector<limits::Charge> ChargesOf(const Glance& outcome);

}  // namespace postern::intake
