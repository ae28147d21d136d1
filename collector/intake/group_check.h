// Whether events go on a chain: the judgement of intake, as a function of what came and what is stored.
//
//   stored   1 2 3 4 5 6                 chain.sequence = 6, chain.head
//   group          4 5 6 7 8 9 + seal    4, 5, 6: the same digests as stored, or a fork
//                        7 8 9           from chain.head they lead to the head that the seal states
//
// The seal's signature is a check of its own: a head vouches for everything before it, so of many groups
// that follow each other only the last seal need be verified (GoodPrefix). Fails closed. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "collector/intake/event_glance.h"
#include "collector/store/types.h"
#include "shared/base/result.h"
#include "shared/crypto/ed25519.h"
#include "shared/wire/chain.h"
#include "shared/wire/conversation.pb.h"

namespace postern::intake {

// What can be wrong with a group.
enum class Problem {
  kMissing,     // something before it isn't stored: the agent sends from its mark again
  kClosed,      // nothing of this chain is taken any more
  kFork,        // the agent's key has sealed another history: its state was cloned or restored
  kUnverified,  // it is not what it should be
};

struct Finding {
  Problem problem{};
  std::string
      reason;  // a short code: "missing", "closed", "fork", "sequence", "event", "chain", "seal", "key"
  std::string sentence;  // for people
};

// The new events of a group that fits; none where all of it is stored already.
struct CheckedGroup {
  uint64_t first = 0;          // sequence of the first new one
  std::vector<Glance> events;  // views into the group, which must stay as it is
  std::vector<crypto::Digest> digests;
  int skipped = 0;                  // events at the group's beginning that are stored already
  std::optional<store::Hole> hole;  // what nobody holds, right before `first`
  std::string_view seal;  // over them, as it came with the group; its signature has not been verified
  wire::Head head{};

  uint64_t last() const { return first + events.size() - 1; }
  bool is_duplicate() const { return events.empty(); }
};

// An agent whose chain has more holes than these is not believed any more.
constexpr size_t kMostHoles = 64;

// Reads digests of the chain's stored events: as many of first, first + 1, … as there are, but at most
// `limit`.
using StoredDigests = std::function<Result<std::vector<crypto::Digest>>(uint64_t first, size_t limit)>;

// Everything but the seal's signature. `chain` is how far the group's chain is stored or has been checked;
// `key` is the agent's seal key. Errors are those of `stored`.
Result<std::variant<CheckedGroup, Finding>> CheckGroup(const wire::Group& group, const store::Chain& chain,
                                                       const crypto::PublicKey& key,
                                                       const StoredDigests& stored);

// How many groups, of some that follow each other, are good: all where the key has signed the last seal, else
// those before the first seal that it hasn't signed.
size_t GoodPrefix(const std::vector<const CheckedGroup*>& groups, const crypto::PublicKey& key);

}  // namespace postern::intake
