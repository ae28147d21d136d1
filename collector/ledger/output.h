// What the ledger has decided, and what has to happen for it to be true: first the rows are written, in one
// atomic write with the events that belong to them, and synced; only then the answers are sent.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "shared/limits/grant.h"

namespace postern::ledger {

// One life of an agent's state: counters belong to it.
struct Holder {
  std::string agent;
  uint64_t incarnation = 0;

  friend auto operator<=>(const Holder&, const Holder&) = default;
};

// A row: one window of one account. Without a limit of its own; that is in the policy.
struct PoolRecord {
  std::string account;
  limits::Window window;
  Amount forgiven{};    // added by a reset
  Amount unreported{};  // granted by a collector that was lost, for all that is known: spent
  bool erased = false;
};

// A row: what one incarnation holds in it.
struct HoldingRecord {
  Holder holder;
  std::string account;
  limits::Window window;
  limits::Counters counters;
  Amount overspent{};  // beyond what was reserved, by exchanges that were refused an extension
  bool erased = false;
};

struct Message {
  Holder to;
  limits::Answer answer;
};

enum class Trouble : uint8_t {
  kUnsound,   // a negative or absurd number: not taken
  kBeyond,    // used more than was granted and overspent: taken, and counted
  kRestored,  // somebody holds what this ledger has not granted: it was restored from a backup, and halts
};

struct Alarm {
  Trouble trouble = Trouble::kUnsound;
  Holder holder;
  std::string account;
  std::string sentence;
};

// Why demands were denied: how the account stood when the round of recalls was over that proves it. For the
// log, so that anybody can reckon it over again.
struct Proof {
  struct Part {
    Holder holder;
    limits::Counters counters;
    bool is_out_of_reach = false;  // it may have more than it has spent, and wasn't asked or didn't answer
  };
  std::string account;
  limits::Window window;
  WallTime began{};  // the round; at that moment there was too little
  WallTime ended{};
  Amount amount;            // of the limit, with what a reset forgave, without what counts as spent
  std::vector<Part> parts;  // of all that hold something, or have spent it
  std::vector<std::pair<Holder, uint64_t>> denied;  // with the numbers of their demands
};

struct Output {
  std::vector<PoolRecord> pools;
  std::vector<HoldingRecord> holdings;
  std::vector<Message> messages;  // only once the rows are synced
  std::vector<Alarm> alarms;
  std::vector<Proof> proofs;  // of denials among the messages
  bool wants_proofs = true;   // each names everybody who holds something

  // But not what is wanted.
  void Clear() {
    pools.clear();
    holdings.clear();
    messages.clear();
    alarms.clear();
    proofs.clear();
  }
};

}  // namespace postern::ledger
