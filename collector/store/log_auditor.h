// Goes through the log once: each entry against its body, its facts, its chain and its place, then what the
// index and the sums should hold against what they hold. It keeps in memory one block's index, the chains'
// ends, and a few numbers an hour.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "collector/store/auditor.h"
#include "collector/store/layout.h"
#include "collector/store/runs.h"
#include "collector/store/segment.h"
#include "shared/base/result.h"
#include "shared/kv/view.h"

namespace postern::store {

// For one check. Thread-compatible; lives no longer than the view.
class LogAuditor {
 public:
  LogAuditor(const kv::View& view, Problems& problems);

  Status Check(const std::function<void(uint64_t, uint64_t)>& progress, const std::atomic<bool>& gives_up);

 private:
  using ChainName = std::pair<std::string, uint64_t>;
  struct ChainEnd {
    uint64_t sequence = 0;
    crypto::Digest head{};
    std::vector<Hole> holes{};  // that are noted, the first ones first
    bool is_whole = true;       // but for those
  };
  using SumHour = std::pair<Grain, Hour>;

  Status CheckSegment(const EntrySegment& segment);
  Status CheckPlace(const EntrySegment& segment);
  void CheckBody(uint64_t leaf, const crypto::Digest& digest, const std::string& kind);
  Status Extend(const EntrySegment& segment);
  static void SkipHoles(ChainEnd& chain);
  void ExpectIndex(uint64_t leaf, const std::string& agent, const Facts& facts);
  void ExpectSums(const Facts& facts);
  Status CheckBlock();
  Status CheckIndexSize();
  Status CheckHours();
  Status CheckChains();
  Status CheckSums();
  Result<uint64_t> FirstKept(const std::string& kind);

  const kv::View& view_;
  Problems& problems_;
  kv::Cursor bodies_;
  kv::Cursor facts_;
  uint64_t next_leaf_ = 0;
  uint64_t segments_ = 0;
  uint64_t index_rows_ = 0;
  uint32_t block_ = 0;
  std::unordered_map<std::string, Runs> expected_rows_;  // of the block, by whole keys
  std::map<Hour, HourBounds> hours_;
  std::map<ChainName, ChainEnd> chains_;
  std::map<SumHour, uint64_t> sums_;  // fingerprints: see log_auditor.cc
  std::map<std::string, uint64_t> first_kept_;
};

}  // namespace postern::store
