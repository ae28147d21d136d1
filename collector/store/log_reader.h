// Reads the log by leaves. Neighbours lie in one segment, so the last one is remembered.
#pragma once

#include <cstdint>
#include <vector>

#include "collector/store/layout.h"
#include "collector/store/segment.h"
#include "collector/store/types.h"
#include "shared/base/result.h"
#include "shared/kv/view.h"

namespace postern::store {

// Every leaf asked for must be in the log: what is missing is kCorrupt. Thread-compatible; lives no longer
// than the view.
class LogReader {
 public:
  explicit LogReader(const kv::View& view)
      : view_(view), entries_(view.NewCursor(kEntries)), facts_(view.NewCursor(kFacts)) {}

  Result<Entry> EntryAt(uint64_t leaf);
  Result<Facts> FactsAt(uint64_t leaf);
  Result<WallTime> TimeAt(uint64_t leaf);  // the event's own

  // With bodies, in the order of the leaves.
  Result<std::vector<StoredEvent>> Events(const std::vector<uint64_t>& leaves);

 private:
  Status SeekFacts(uint64_t leaf);

  const kv::View& view_;
  kv::Cursor entries_;
  kv::Cursor facts_;
  EntrySegment segment_;
  uint64_t facts_begin_ = 0;
  FactsRow facts_row_;
};

// The size of the log: where its last segment ends.
Result<uint64_t> LogSize(const kv::View& view);

}  // namespace postern::store
