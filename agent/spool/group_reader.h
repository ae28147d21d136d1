// Reads what is sent to the collector: events with the seal over them, as they lie in the store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/spool/chains.h"
#include "shared/kv/store.h"

namespace postern::spool {

// A seal comes after so many events, or so many bytes of them, at the latest: so any group fits a message of
// the conversation (1 MiB).
constexpr uint64_t kMostSealedEvents = 256;
constexpr uint64_t kMostSealedBytes = 512 << 10;  // exceeded only by less than one event

// Some events of one incarnation, in order and without a hole, up to a seal over the last of them.
struct SealedGroup {
  uint64_t first_sequence = 0;
  std::vector<std::string> events;  // exactly as they were hashed
  std::string seal;                 // a serialised wire::Seal
  Mark end;                         // after the last event
  std::string base;  // only where events before the first one are wanted but not kept: the seal over the last
                     // of them

  size_t bytes() const;  // of events and seals
};

// The groups that follow `after`, of its chain and then of later ones, with all their events before
// `synced_end` (a position): as many as fit into `max_bytes`, but one at least where there is one. A mark
// within a group gives the group's rest. Where the events right after the mark were trimmed, the first group
// is the first of that chain that is kept, with its `base`. kNotFound where nothing of that chain is kept,
// kInvalid where it isn't so long, kCorrupt where a record can't be read.
Result<std::vector<SealedGroup>> ReadSealedGroups(const kv::Store& store, const Chains& chains, Mark after,
                                                  uint64_t synced_end, size_t max_bytes);

}  // namespace postern::spool
