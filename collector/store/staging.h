// Several changes on their way to the disk as one write. Each is judged against what the store holds and what
// those before it in the same write will have made of it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "collector/store/indexer.h"
#include "collector/store/layout.h"
#include "collector/store/segment.h"
#include "collector/store/store.h"
#include "collector/store/types.h"
#include "shared/base/result.h"
#include "shared/kv/store.h"

namespace postern::store {

// How far the store goes.
struct Totals {
  uint64_t log_size = 0;
  uint64_t revision = 0;
  uint64_t set_aside = 0;
  uint64_t ledger = 0;  // version
};

// Thread-compatible.
class Staging {
 public:
  // `batch` is emptied first and lives until the write is done: its memory serves one write after another.
  Staging(const kv::Store& store, const Totals& totals, kv::Batch& batch)
      : store_(store), totals_(totals), ledger_before_(totals.ledger), batch_(batch) {
    batch_.Clear();
  }

  // The change has passed CheckRules and lives until Finish. kDenied where an expectation doesn't hold:
  // nothing of it is staged. After any other error the whole write must be given up.
  Result<Receipt> Add(const Change& change);

  // Then the batch is the write, complete. Once.
  Status Finish();

  const Totals& totals() const { return totals_; }  // after the write

 private:
  using ChainName = std::pair<std::string, uint64_t>;
  using RecordName = std::pair<RecordKind, std::string>;

  // Where a chain is, stored or staged.
  struct ChainEnd {
    uint64_t sequence = 0;
    bool closed = false;
  };

  Result<ChainEnd> EndOf(const Chain& chain);
  Result<const Record*> Find(const Record& record);  // null where there is none
  Status CheckExpected(const Change& change);
  void AddEvents(const Change& change);
  Status AddRecord(const Record& record);
  Status AddAside(const SetAside& group);
  void AddLedger(const Change& change);
  Status AddHours();
  // What a group that is set aside counts, stored or staged.
  Result<uint64_t> AsideSize(const std::string& agent, uint64_t number);

  const kv::Store& store_;
  Totals totals_;
  uint64_t ledger_before_;
  kv::Batch& batch_;
  SegmentWriter segments_;
  Indexer indexer_;
  std::map<ChainName, Chain> chains_;                    // as they will be
  std::map<ChainName, ChainEnd> ends_;                   // of those and others, as read
  std::map<RecordName, std::optional<Record>> records_;  // as read, or as they will be
  std::map<std::string, AsideTotals> asides_;
  std::map<std::pair<std::string, uint64_t>, uint64_t> aside_sizes_;  // of those that this write adds
};

}  // namespace postern::store
