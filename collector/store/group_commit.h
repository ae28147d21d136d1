// Commits of many threads as few writes: who comes while a write is on its way waits and shares the next one,
// which one of those who wait does for all. So there is one order, one writer at a time, and one sync for
// everybody who was there.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "collector/store/types.h"
#include "shared/base/result.h"

namespace postern::store {

// Thread-safe.
class GroupCommit {
 public:
  using Changes = std::vector<const Change*>;
  using Write = std::function<std::vector<Result<Receipt>>(const Changes&)>;

  // `write` brings the changes to the disk in their order and returns the result of each. It is called by one
  // thread at a time.
  explicit GroupCommit(Write write) : write_(std::move(write)) {}

  // Returns when the change has its result. The queue is as long as there are threads.
  Result<Receipt> Commit(const Change& change);

  // How many wait for a write that hasn't begun.
  size_t waiting() const;

 private:
  // A group isn't made larger than this, so that nobody waits for too many others.
  static constexpr size_t kMaxGroupBytes = 4 << 20;

  struct Waiting {
    const Change* change = nullptr;
    std::optional<Result<Receipt>> result{};  // under the mutex, as who waits may wake and look at any time
  };
  using Group = std::vector<Waiting*>;

  Group TakeGroup();
  std::vector<Result<Receipt>> WriteAll(const Group& group) const;

  const Write write_;
  mutable std::mutex mutex_;
  std::condition_variable progressed_;
  std::deque<Waiting*> queue_;
  bool is_writing_ = false;
};

}  // namespace postern::store
