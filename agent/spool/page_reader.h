// Reads pages of the record from a store, whoever has it open.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/spool/event_stream.h"
#include "agent/spool/layout.h"
#include "shared/kv/store.h"
#include "shared/wire/event.pb.h"

namespace postern::spool {

// Which events are kept: [first, next). Equal when there are none.
struct Extent {
  uint64_t first = 1;
  uint64_t next = 1;
};

Result<Extent> FindExtent(const kv::Store& store);

// The last seal within `extent` whose note passes, if any: the place to read from, or to trim to. Where a
// note passes all earlier ones must. kCorrupt when a record on the way can't be read.
struct SealPlace {
  uint64_t position = 0;
  SealNote note;
};
Result<std::optional<SealPlace>> LastSeal(const kv::Store& store, const Extent& extent,
                                          const std::function<bool(const SealNote&)>& passes);

// The last one that is older than `time` by its own clock.
Result<std::optional<SealPlace>> LastSealBefore(const kv::Store& store, const Extent& extent, WallTime time);

// The seal and its note that lie right after that event, if they do.
struct PlacedSeal {
  SealNote note;
  wire::Seal seal;
};
Result<std::optional<PlacedSeal>> ReadSeal(const kv::Store& store, uint64_t position);

// A page begins with the seal right before its first event, where there is one: a reader of several pages
// skips what it has seen.
Result<Page> ReadPage(const kv::Store& store, const PageRequest& request);

// For when the agent is not there to ask. Errors as kv::Store::OpenReadOnly.
Result<std::unique_ptr<kv::Store>> OpenOffline(const std::string& state_directory);

}  // namespace postern::spool
