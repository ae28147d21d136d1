#include "collector/intake/facts.h"

#include <algorithm>
#include <utility>

#include "shared/wire/event.h"

namespace postern::intake {
namespace {

uint64_t Bounded(uint64_t number) { return std::min(number, store::kMaxSpending); }

store::EventFacts PlaceOf(const Glance& event, const std::string& host) {
  return {.time = event.time(), .kind = wire::KindName(event.body), .host = host};
}

}  // namespace

ExchangeFacts ExchangeFactsOf(const Glance& intent) {
  return {.organisation = std::string(intent.organisation),
          .team = std::string(intent.team),
          .user = std::string(intent.user),
          .key = std::string(intent.key),
          .model = std::string(intent.model),
          .session = std::string(intent.session)};
}

store::EventFacts FactsOf(const Glance& event, const std::string& host) {
  store::EventFacts facts = PlaceOf(event, host);
  facts.organisation = event.organisation;
  facts.team = event.team;
  facts.user = event.user;
  facts.key = event.key.empty() ? event.first_key : event.key;
  facts.model = event.model;
  facts.session = event.session;
  if (event.body == wire::Event::kIntent) facts.decision = store::Decision::kAllowed;
  if (event.body == wire::Event::kRefusal) facts.decision = store::Decision::kRefused;
  return facts;
}

store::EventFacts FactsOfOutcome(const Glance& event, const std::string& host, ExchangeFacts intent) {
  store::EventFacts facts = PlaceOf(event, host);
  facts.organisation = std::move(intent.organisation);
  facts.team = std::move(intent.team);
  facts.user = std::move(intent.user);
  facts.key = std::move(intent.key);
  facts.model = std::move(intent.model);
  facts.session = std::move(intent.session);
  const bool ended_by_us = event.ending == wire::ENDING_REFUSED_BY_POLICY ||
                           event.ending == wire::ENDING_REVOKED || event.ending == wire::ENDING_BUDGET;
  facts.decision = ended_by_us ? store::Decision::kRefused : store::Decision::kAllowed;
  return facts;
}

store::Spending SpendingOf(const Glance& outcome) {
  store::Spending spending;
  spending.requests = 1;
  spending.input = Bounded(outcome.input);
  spending.output = Bounded(outcome.output);
  spending.cache_read = Bounded(outcome.cache_read);
  spending.cache_write = Bounded(Bounded(outcome.cache_write_5m) + Bounded(outcome.cache_write_1h));
  spending.nano_dollars = std::clamp<int64_t>(outcome.cost(), 0, store::kMaxSpending);
  return spending;
}

std::vector<limits::Charge> ChargesOf(const Glance& outcome) {
  const auto time = [](uint64_t nanoseconds) {
    return WallTime(std::chrono::nanoseconds(static_cast<int64_t>(nanoseconds)));
  };
  const auto amount = [](uint64_t units) { return Amount(static_cast<int64_t>(units)); };
  std::vector<limits::Charge> charges;
  charges.reserve(outcome.charges.size());
  for (const GlancedCharge& charge : outcome.charges) {
    charges.push_back({.account = std::string(charge.account),
                       .window = {time(charge.begin), time(charge.end)},
                       .amount = amount(charge.amount),
                       .reserved = amount(charge.reserved),
                       .used = amount(charge.used)});
  }
  return charges;
}

}  // namespace postern::intake
