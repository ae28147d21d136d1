// Whether the collector's ledger agrees with its log: what every holder has spent is the sum of what its
// events were charged, and nobody has spent what it wasn't granted. Reads the files of a collector that is
// stopped.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace postern::end_to_end {

struct KeptMoney {
  std::vector<std::string> problems;  // in sentences
  uint64_t charges = 0;               // of all events
  uint64_t holdings = 0;
};

// `state` is the collector's state directory. A failure to read it is a problem.
KeptMoney ReadKeptMoney(const std::string& state);

}  // namespace postern::end_to_end
