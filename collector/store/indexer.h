// Collects the index rows and sums of one write: however many events there are, a value that many of them
// share costs one row.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "collector/store/layout.h"
#include "collector/store/runs.h"
#include "shared/kv/batch.h"

namespace postern::store {

// Thread-compatible.
class Indexer {
 public:
  // The event at this leaf, which is above all leaves before it. It must live until Finish.
  void Add(uint64_t leaf, const NewEvent& event, kv::Batch& batch);

  // Writes what was collected.
  void Finish(kv::Batch& batch);

  // In which blocks there were events of each hour.
  const std::map<Hour, HourBounds>& hours() const { return hours_; }

 private:
  // The rows of the present block, by the part of their key before the block; the last two of an axis are
  // remembered, since an event mostly has the same value as the one before or, where intents and outcomes
  // take turns, the one before that.
  struct Known {
    std::string value;
    Runs* runs = nullptr;
  };
  struct Last {
    std::array<Known, 2> known;
    size_t oldest = 0;
  };

  void AddTo(Axis axis, std::string_view value, uint32_t place);
  void AddTime(Hour hour, uint32_t place);
  void AddSpending(Hour hour, const NewEvent& event);
  void FinishBlock(kv::Batch& batch);

  uint32_t block_ = 0;
  std::unordered_map<std::string, Runs> rows_;
  std::map<Hour, Runs> times_;
  std::array<Last, kAxes> last_;
  std::map<Hour, HourBounds> hours_;
  std::unordered_map<std::string, Spending> sums_;
  // The rows of the last event that spent something: the next one mostly has the same.
  struct LastSums {
    const EventFacts* facts = nullptr;
    Hour hour = 0;
    Spending* of_hour = nullptr;
    Spending* of_day = nullptr;
  } last_sums_;
  std::string scratch_;
};

}  // namespace postern::store
