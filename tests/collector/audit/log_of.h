// A store with real events in it, filed as intake would file them.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "collector/store/memory_store.h"
#include "shared/base/check.h"
#include "shared/base/ids.h"
#include "shared/wire/chain.h"
#include "shared/wire/event.h"

namespace postern::audit {

inline WallTime At(int64_t seconds) { return WallTime(std::chrono::seconds(seconds)); }

inline ExchangeId ExchangeAt(WallTime time, uint8_t number) { return ExchangeId::Make(time, {number}); }

inline wire::Event Intent(const ExchangeId& exchange, const std::string& user) {
  wire::Event event;
  event.mutable_intent()->set_exchange(std::string(exchange.raw()));
  event.mutable_intent()->mutable_principal()->set_user(user);
  event.mutable_intent()->set_model("claude-sonnet-4-5");
  return event;
}

inline wire::Event Outcome(const ExchangeId& exchange) {
  wire::Event event;
  event.mutable_outcome()->set_exchange(std::string(exchange.raw()));
  event.mutable_outcome()->set_status(200);
  return event;
}

inline wire::Event Refusal(const ExchangeId& exchange, const std::string& user) {
  wire::Event event;
  event.mutable_refusal()->set_exchange(std::string(exchange.raw()));
  event.mutable_refusal()->mutable_principal()->set_user(user);
  event.mutable_refusal()->set_reason("no_key");
  return event;
}

// One agent's chain in a store. Thread-compatible.
class LogOf {
 public:
  explicit LogOf(store::Store& store, std::string agent = "agent0000000") : store_(store) {
    chain_.agent = std::move(agent);
    chain_.incarnation = 1;
    chain_.issued = true;
    chain_.seal_key = std::string(32, 'k');
  }

  // Commits it as the next, at its facts' time; returns its leaf.
  uint64_t Add(wire::Event event, store::EventFacts facts, const store::Spending& spending = {}) {
    const uint64_t before = chain_.sequence++;
    event.set_version(wire::kEventVersion);
    event.set_incarnation(chain_.incarnation);
    event.set_sequence(chain_.sequence);
    event.set_wall_time(facts.time.time_since_epoch().count());
    facts.kind = wire::KindName(event);
    store::NewEvent next;
    next.bytes = event.SerializeAsString();
    next.entry = {.agent = chain_.agent,
                  .incarnation = chain_.incarnation,
                  .sequence = chain_.sequence,
                  .received_at = facts.time,
                  .event = crypto::Sha256(next.bytes)};
    chain_.head = wire::Extend(chain_.head, next.bytes);
    next.facts = std::move(facts);
    next.spending = spending;
    store::Change change;
    change.events.push_back(std::move(next));
    change.chains.push_back({chain_, before});
    const auto receipt = store_.Commit(change);
    CHECK(receipt.has_value());
    return static_cast<uint64_t>(receipt->first_leaf);
  }

 private:
  store::Store& store_;
  store::Chain chain_;
};

}  // namespace postern::audit
