// The chains that lie one after the other in a host's record, one an incarnation, and how far the collector
// has them.
//
//   positions   1 ……………… 40 | 41 ……… 57 | 58 ……………………▶
//               incarnation a  b           c, the present one
//               1 ……………… 40   1 ……… 17   1 ……………………▶   sequences
//               ────▲ acknowledged           ▲
//
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "shared/base/result.h"
#include "shared/wire/chain.h"
#include "shared/wire/conversation.h"

namespace postern::spool {

// How far a chain goes, or how far somebody has it. Sequence 0 is before the first event, with
// wire::kFirstHead.
using Mark = wire::Place;

struct Chain {
  Mark end;                     // its last sealed event
  uint64_t first_position = 0;  // where its event 1 lies, or lay
  uint64_t acknowledged = 0;    // the sequence up to which the collector has it

  uint64_t PositionOf(uint64_t sequence) const { return first_position + sequence - 1; }
};

// Never empty; the last is the present one. Thread-compatible.
class Chains {
 public:
  // So many may lie in one record: their ends must fit a Hello.
  static constexpr size_t kMost = wire::kMaxMarks;

  explicit Chains(Chain present) : chains_{present} {}

  // An older one, in front of those that are there.
  void Precede(Chain older) { chains_.insert(chains_.begin(), older); }
  // A new one after the present one, whose end stays as it is from here on.
  void Begin(uint64_t incarnation, uint64_t first_position);
  // The present one was sealed up to here.
  void Advance(uint64_t sequence, const wire::Head& head);
  // Marks as acknowledged, if it is more than before. The head is the caller's to compare. kInvalid where
  // there is no such chain or it isn't so long.
  Status Acknowledge(uint64_t incarnation, uint64_t sequence);
  // Marks exactly this as acknowledged, also if it was more before. Errors as Acknowledge.
  Status SetAcknowledged(uint64_t incarnation, uint64_t sequence);
  // Events before this position are gone; chains without any left are forgotten, but for the present one.
  // Returns their incarnations.
  std::vector<uint64_t> Trim(uint64_t position);

  const Chain* Find(uint64_t incarnation) const;
  const Chain* After(uint64_t incarnation) const;  // the one that began when this one ended
  const Chain& present() const { return chains_.back(); }
  const std::vector<Chain>& all() const { return chains_; }  // the oldest first
  std::vector<Mark> Ends() const;

  // Everything before this position is acknowledged.
  uint64_t FirstUnacknowledged() const;
  // How many sealed events are not.
  uint64_t CountUnacknowledged() const;

 private:
  std::vector<Chain> chains_;
};

}  // namespace postern::spool
