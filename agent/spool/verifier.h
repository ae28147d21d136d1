// Checks a record from its bytes alone: the chain, its seals, its sequences, its exchanges. Pure.
//
// It trusts the public keys it is given and nothing else. What it can't show: that nothing follows the last
// record, and that whoever holds the host's key did not make a whole new record. Those need a witness
// elsewhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/spool/event_stream.h"
#include "shared/base/ids.h"
#include "shared/crypto/ed25519.h"
#include "shared/wire/chain.h"
#include "shared/wire/event.h"

namespace postern::spool {

struct Verdict {
  std::optional<std::string> problem;  // the first thing that is wrong, in a sentence
  uint64_t events = 0;
  uint64_t seals = 0;
  uint64_t incarnations = 0;
  uint64_t first_position = 0;  // of the first event
  uint64_t last_position = 0;
  bool trimmed = false;   // earlier events were removed; the seal of the last of them is the beginning
  uint64_t unsealed = 0;  // events after the last seal
  uint64_t open_exchanges = 0;
  uint64_t closed_exchanges = 0;
  uint64_t gaps = 0;  // gap records: what they count is missing with notice
  wire::Head head{};  // of the last event

  bool sound() const { return !problem.has_value(); }
};

// Give it the record in its order, from the beginning of what is kept. Thread-compatible.
class Verifier {
 public:
  explicit Verifier(std::vector<crypto::PublicKey> keys);

  // False once something is wrong; what comes after the first problem is not looked at.
  bool Add(uint64_t position, RecordKind kind, std::string_view bytes);

  Verdict Finish() const;

 private:
  enum class Exchange : uint8_t { kOpen, kClosed };
  struct Hash {
    size_t operator()(const ExchangeId& id) const;
  };

  std::optional<std::string> AddEvent(uint64_t position, std::string_view bytes);
  std::optional<std::string> AddSeal(uint64_t position, std::string_view bytes);
  std::optional<std::string> BeginIncarnation(const wire::Event& event);
  std::optional<std::string> FollowExchange(const wire::Event& event);
  const crypto::PublicKey* FindKey(std::string_view id) const;

  std::vector<crypto::PublicKey> keys_;
  Verdict verdict_;
  uint64_t incarnation_ = 0;
  uint64_t sequence_ = 0;
  uint64_t sealed_ = 0;  // sequence of the last sealed event of this incarnation
  uint64_t position_ = 0;
  bool begun_ = false;
  std::unordered_map<ExchangeId, Exchange, Hash> exchanges_;
};

}  // namespace postern::spool
