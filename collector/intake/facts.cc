#include "collector/intake/facts.h"

#include <algorithm>
#include <chrono>

#include "shared/wire/event.h"

namespace postern::intake {
namespace {

void SetPrincipal(store::EventFacts& facts, const wire::Principal& principal) {
  facts.organisation = principal.organisation();
  facts.team = principal.team();
  facts.user = principal.user();
  facts.key = principal.key_id();
}

uint64_t Bounded(uint64_t number) { return std::min(number, store::kMaxSpending); }

}  // namespace

ExchangeFacts FactsOf(const wire::Intent& intent) {
  const wire::Principal& principal = intent.principal();
  return {.organisation = principal.organisation(),
          .team = principal.team(),
          .user = principal.user(),
          .key = principal.key_id(),
          .model = intent.model(),
          .session = intent.session()};
}

store::EventFacts FactsOf(const wire::Event& event, const std::string& host) {
  store::EventFacts facts;
  facts.time = WallTime(std::chrono::nanoseconds(event.wall_time()));
  facts.kind = wire::KindName(event);
  facts.host = host;
  if (event.has_intent()) {
    SetPrincipal(facts, event.intent().principal());
    facts.model = event.intent().model();
    facts.session = event.intent().session();
    facts.decision = store::Decision::kAllowed;
  } else if (event.has_refusal()) {
    SetPrincipal(facts, event.refusal().principal());
    facts.model = event.refusal().model();
    facts.session = event.refusal().session();
    facts.decision = store::Decision::kRefused;
  } else if (event.has_key_first_used()) {
    SetPrincipal(facts, event.key_first_used().principal());
    if (facts.key.empty()) facts.key = event.key_first_used().key_id();
  }
  return facts;
}

store::EventFacts FactsOfOutcome(const wire::Event& event, const std::string& host,
                                 const ExchangeFacts& intent) {
  store::EventFacts facts = FactsOf(event, host);
  facts.organisation = intent.organisation;
  facts.team = intent.team;
  facts.user = intent.user;
  facts.key = intent.key;
  facts.model = intent.model;
  facts.session = intent.session;
  facts.decision = event.outcome().ending() == wire::ENDING_REFUSED_BY_POLICY ? store::Decision::kRefused
                                                                              : store::Decision::kAllowed;
  return facts;
}

store::Spending SpendingOf(const wire::Outcome& outcome) {
  const wire::Usage& usage = outcome.usage();
  store::Spending spending;
  spending.requests = 1;
  spending.input = Bounded(usage.input());
  spending.output = Bounded(usage.output());
  spending.cache_read = Bounded(usage.cache_read());
  spending.cache_write = Bounded(Bounded(usage.cache_write_5m()) + Bounded(usage.cache_write_1h()));
  spending.nano_dollars = std::clamp<int64_t>(outcome.cost_nano_dollars(), 0, store::kMaxSpending);
  return spending;
}

}  // namespace postern::intake
