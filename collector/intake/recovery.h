// What `postern-collector recover` does after the store was restored from a backup: begins a new epoch, whose
// revisions lie beyond every one that was ever given out, and writes into the log what the old one was. The
// ledger finds the new epoch when the collector starts (treasury::Treasury::Open): what isn't held counts as
// spent then, until agents have said what they hold.
//
// The agents do the rest when they come back: each is told how far it is stored now, sends again what it
// still keeps, and reminds the collector of the revocations that it knows (wire: Tombstones).
#pragma once

#include <cstdint>
#include <string>

#include "collector/directory/directory.h"
#include "collector/store/store.h"
#include "shared/base/result.h"

namespace postern::intake {

// What agents have proved, by memories with this collector's own signature, that the store has forgotten.
struct Forgotten {
  uint64_t epoch = 0;
  uint64_t revision = 0;
  uint64_t log_size = 0;
  std::string sentence;  // of the first proof; empty: nothing was proved
};

// Kept in the store, so that a restart changes nothing. Errors as the store.
Result<Forgotten> ReadForgotten(directory::Directory& directory);
// Only ever more: the larger of each.
Status NoteForgotten(directory::Directory& directory, const Forgotten& proof);

struct Recovered {
  uint64_t epoch = 0;     // the new one
  uint64_t revision = 0;  // the directory's from now on
  uint64_t old_log_size = 0;
  std::string sentence;  // what was recorded
};

// For a collector that isn't running, with a chronicle that was opened with Beginning::kNewIncarnation. May
// be done without any proof: who knows that a backup was restored need not wait for an agent to find out. May
// be repeated; each time begins another epoch. Errors as the store; nothing is half done.
Result<Recovered> Recover(store::Store& store, directory::Directory& directory);

}  // namespace postern::intake
