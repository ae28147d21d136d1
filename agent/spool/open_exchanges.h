// The intents that have no outcome yet, and the oldest of them. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "shared/base/ids.h"

namespace postern::spool {

// Thread-compatible.
class OpenExchanges {
 public:
  // Positions must grow from call to call.
  void Open(const ExchangeId& exchange, uint64_t position);

  // False when it isn't open.
  bool Close(const ExchangeId& exchange);

  bool contains(const ExchangeId& exchange) const { return open_.contains(exchange); }
  size_t size() const { return open_.size(); }

  // The position of the oldest open intent, or `next` when none is open.
  uint64_t Oldest(uint64_t next);

  // All that are open, the oldest first.
  std::vector<ExchangeId> All() const;

 private:
  // Exchange ids end in 80 random bits: any 8 of their bytes are a good hash.
  struct Hash {
    size_t operator()(const ExchangeId& id) const;
  };

  std::unordered_set<ExchangeId, Hash> open_;
  std::deque<std::pair<uint64_t, ExchangeId>>
      in_order_;  // also closed ones, until they reach the front or are too many
};

}  // namespace postern::spool
