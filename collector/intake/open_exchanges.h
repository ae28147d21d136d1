// The exchanges of one chain whose intent has come and whose outcome hasn't: an outcome has its user, key and
// model from its intent.
//
// What is stored beside the chain are the places of the intents alone, since it is written with every batch;
// the facts are kept in memory, and read from the log again where they are missing after a restart. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "collector/intake/facts.h"
#include "shared/base/ids.h"
#include "shared/base/result.h"

namespace postern::intake {

// Thread-compatible.
class OpenExchanges {
 public:
  // An agent may leave exchanges open for ever (a gap swallowed their outcomes): of more than these the
  // oldest are forgotten, and their outcomes found by host and time alone.
  static constexpr size_t kMost = 4096;

  struct Intent {
    uint64_t sequence = 0;
    std::optional<ExchangeFacts> facts;  // nothing: to be read from the event of that sequence
  };

  // What Write wrote. kCorrupt for anything else.
  static Result<OpenExchanges> Read(std::string_view state);

  // 24 bytes for each: the exchange's id, then its intent's sequence, 8 bytes, the most significant first; in
  // the order of sequences.
  std::string Write() const;

  void Open(const ExchangeId& exchange, uint64_t sequence, ExchangeFacts facts);

  // Nothing where none is open. Learn is for an intent without facts.
  const Intent* Find(const ExchangeId& exchange) const;
  void Learn(const ExchangeId& exchange, ExchangeFacts facts);

  // Takes the intent out; nothing where none is open.
  std::optional<Intent> Close(const ExchangeId& exchange);

  size_t size() const { return intents_.size(); }

 private:
  void Insert(const ExchangeId& exchange, Intent intent);

  std::map<ExchangeId, Intent> intents_;
  std::map<uint64_t, ExchangeId> by_sequence_;
};

}  // namespace postern::intake
