// What wallet and ledger say to each other. Every number in it is an absolute counter, or is measured against
// one that stands beside it, so that a message which is lost, repeated or late changes nothing: the larger
// value wins. README.md has the conversation.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/amount.h"
#include "shared/limits/window.h"

namespace postern::limits {

// The counters of one agent's incarnation in one window of one account. They only grow.
struct Counters {
  Amount granted;   // set by the ledger
  Amount used;      // Σ of what exchanges were settled at; carried by the agent's events
  Amount returned;  // given back by the agent

  // What nobody else may have.
  Amount held() const { return std::max(granted - returned, used); }

  bool is_sound() const { return granted >= Amount() && used >= Amount() && returned >= Amount(); }

  // The larger of each.
  void Merge(const Counters& other) {
    granted = std::max(granted, other.granted);
    used = std::max(used, other.used);
    returned = std::max(returned, other.returned);
  }

  friend bool operator==(const Counters&, const Counters&) = default;
};

// One account's part of a demand.
struct Claim {
  std::string account;
  std::optional<Window>
      window{};     // of the exchange that is to be extended; none: the one at the demand's time
  Amount amount{};  // wanted in all by the exchange that waits; 0: nobody waits
  Amount spare{};   // of which the wallet had this much, when its counters were these:
  Amount granted{};
  Amount returned{};
  Amount ahead{};  // welcome beyond it: recent spending says so
};

// Asks for everything in it or nothing. It may be repeated.
struct Demand {
  uint64_t number = 0;  // of this wallet; the answer's
  WallTime at{};        // the agent's clock
  std::vector<Claim> claims;
};

// The state of one holding as the ledger has it.
struct Standing {
  std::string account;
  Window window;
  Amount granted;
  Amount returned;
  Amount used;
  Amount left;  // of the account, that this holder may still be granted
};

enum class Word : uint8_t {
  kGranted,  // the demand is met
  kDenied,   // it can't be: what is left, here and at every agent that answers, doesn't suffice
  kRecall,   // give back what isn't reserved, and for a while what becomes free
};

struct Answer {
  Word word = Word::kGranted;
  uint64_t number = 0;  // the demand's, or the recall's
  WallTime heard{};  // the newest time of the agent's clock that came to the ledger: leases are renewed by it
  std::vector<Standing> standings{};
  std::string lacking{};  // of kDenied: the first account that lacks something
};

// What an agent holds after it has given back; it is sent once that is synced.
struct Held {
  std::string account;
  Window window;
  Counters counters;
};

struct Return {
  uint64_t recall = 0;  // that this answers; 0: none
  std::vector<Held> held;
};

// One account's part of what an exchange was settled at. The event of its outcome carries it.
struct Charge {
  std::string account;
  Window window;
  Amount amount;
  Amount reserved;    // what was reserved and extended for it; an amount beyond that is overspent
  Amount used;        // the counter, with this amount
  Amount admitted{};  // of `reserved` what was reserved when it was admitted

  friend bool operator==(const Charge&, const Charge&) = default;
};

}  // namespace postern::limits
