// The ledger's rows as bytes, and back. README.md has the grammar.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "collector/ledger/output.h"
#include "collector/store/store.h"
#include "shared/base/clock.h"
#include "shared/base/result.h"

namespace postern::treasury {

// Which life of the collector the rows belong to.
struct EpochRow {
  uint64_t epoch = 0;
  WallTime recovered = WallTime::min();  // when it was made of a backup; never: the least
};

store::LedgerRow ToRow(const EpochRow& epoch);
store::LedgerRow ToRow(const ledger::PoolRecord& record);
store::LedgerRow ToRow(const ledger::HoldingRecord& record);
// This holder has said in this epoch what it holds.
store::LedgerRow MetRow(const ledger::Holder& holder, uint64_t epoch);

// All that there is.
struct Rows {
  uint64_t version = 0;
  std::optional<EpochRow> epoch;
  std::vector<ledger::PoolRecord> pools;
  std::vector<ledger::HoldingRecord> holdings;
  std::set<ledger::Holder> met;  // in that epoch
};

// As of one moment. Errors as the store's; kCorrupt for a row that can't be read.
Result<Rows> ReadRows(store::Store& store);

// What is wrong with them, in sentences.
Result<std::vector<std::string>> CheckRows(store::Store& store);

// Before the epoch is raised: rows that say nothing of an epoch belong to this one. So whoever opens them in
// the next finds out that they are those of a backup.
Status NoteEpoch(store::Store& store, uint64_t epoch);

}  // namespace postern::treasury
