// Finds leaves by the index: block by block, only in blocks where every filter has a row, and there by
// intersecting the rows. What it reads grows with what it finds, not with the log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collector/store/layout.h"
#include "collector/store/log_reader.h"
#include "collector/store/runs.h"
#include "collector/store/types.h"
#include "shared/base/result.h"
#include "shared/kv/view.h"

namespace postern::store {

// For one page. Thread-compatible; lives no longer than the view.
class Finder {
 public:
  // Looks at the first `log_size` leaves only. The filter has passed CheckRules and Cut.
  Finder(const kv::View& view, const EventFilter& filter, uint64_t log_size);

  // The first `count` leaves in the filter's order that follow `last`, or begin where there is none.
  Result<std::vector<uint64_t>> Find(std::optional<Leaf> last, size_t count);

 private:
  // The rows of one filter.
  struct Rows {
    std::string prefix;
    kv::Cursor cursor;
    std::optional<uint32_t> at{};  // the block where the cursor is
  };
  // What the time filter says of a block.
  struct Times {
    Runs certain;   // hours that lie wholly within
    Runs doubtful;  // hours of which a part does
  };

  bool newest_first() const { return filter_.order == Order::kNewestFirst; }
  void AddRows(Axis axis, const std::optional<std::string>& value);
  Status Narrow(std::optional<Leaf> last);
  Status NarrowByHours();
  Result<std::optional<uint32_t>> Seek(Rows& rows, uint32_t block);
  Result<std::optional<uint32_t>> Align(uint32_t block);
  Result<Runs> CommonRuns();  // of the block where all are
  Result<Times> TimesOf(uint32_t block);
  Status Collect(uint32_t block, std::vector<uint64_t>& found, size_t count);
  Result<bool> IsWithinTime(uint64_t leaf);

  const kv::View& view_;
  const EventFilter& filter_;
  LogReader reader_;
  std::optional<kv::Cursor> times_;
  std::vector<Rows> rows_;
  uint64_t begin_ = 0;  // leaves that may be found: begin … end−1
  uint64_t end_;
};

}  // namespace postern::store
