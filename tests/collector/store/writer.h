// Makes changes as intake would: chains that go on, bodies that hash to what their entries say. For tests of
// the store and of what is built on one.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "collector/store/types.h"
#include "shared/wire/chain.h"

namespace postern::store {

inline WallTime At(int64_t seconds) { return WallTime(std::chrono::seconds(seconds)); }

// One chain's end. Thread-compatible.
class Writer {
 public:
  explicit Writer(std::string agent = "agent0000000", uint64_t incarnation = 1) {
    chain_.agent = std::move(agent);
    chain_.incarnation = incarnation;
    chain_.seal_key = std::string(32, 'k');
    chain_.issued = true;
  }

  // Goes on with a chain that is stored.
  explicit Writer(Chain chain) : chain_(std::move(chain)), taken_(chain_.sequence) {}

  // An event for the next change, received when it happened.
  Writer& Add(EventFacts facts = {}, const Spending& spending = {}) {
    const WallTime received = facts.time;
    return AddReceived(received, std::move(facts), spending);
  }

  Writer& AddReceived(WallTime received, EventFacts facts, const Spending& spending = {}) {
    ++chain_.sequence;
    NewEvent event;
    event.bytes = chain_.agent + "/" + std::to_string(chain_.incarnation) + "/" +
                  std::to_string(chain_.sequence) + std::string(chain_.sequence % 50, '.');
    event.entry = {.agent = chain_.agent,
                   .incarnation = chain_.incarnation,
                   .sequence = chain_.sequence,
                   .received_at = received,
                   .event = crypto::Sha256(event.bytes)};
    event.facts = std::move(facts);
    event.spending = spending;
    chain_.head = wire::Extend(chain_.head, event.bytes);
    change_.events.push_back(std::move(event));
    return *this;
  }

  // What was added since the last time, as one change.
  Change Take() {
    Change change = std::exchange(change_, {});
    change.chains.push_back({chain_, taken_});
    taken_ = chain_.sequence;
    return change;
  }

  const Chain& chain() const { return chain_; }

 private:
  Chain chain_;
  Change change_;
  uint64_t taken_ = 0;
};

inline Change::Put PutRecord(RecordKind kind, std::string id, std::string bytes, uint64_t expected = 0,
                             std::vector<std::string> labels = {}) {
  return {
      .record = {.kind = kind, .id = std::move(id), .labels = std::move(labels), .bytes = std::move(bytes)},
      .expected = expected};
}

}  // namespace postern::store
