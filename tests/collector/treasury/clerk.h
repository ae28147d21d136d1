// Lets a treasury take its turns in a thread of its own, as intake's committer does, for tests of what stands
// on a treasury and has no intake.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "collector/treasury/treasury.h"

namespace postern::treasury {

class Clerk {
 public:
  // Both must live longer.
  Clerk(Treasury& treasury, store::Store& store) : treasury_(treasury), store_(store) {
    treasury_.OnWork([this] { Tell(); });
    thread_ = std::thread([this] { Work(); });
  }
  ~Clerk() {
    {
      const std::lock_guard lock(mutex_);
      stops_ = true;
    }
    Tell();
    thread_.join();
    treasury_.Close();
  }

 private:
  void Tell() {
    const std::lock_guard lock(mutex_);
    has_work_ = true;
    told_.notify_one();
  }

  void Work() {
    for (;;) {
      {
        std::unique_lock lock(mutex_);
        told_.wait_for(lock, treasury_.patience(), [this] { return has_work_; });
        has_work_ = false;
        if (stops_) return;
      }
      Turn();
    }
  }

  void Turn() {
    std::vector<Settlement> none;
    store::Change change;
    if (!treasury_.Prepare(none, change)) return;
    const auto receipt = change.empty() ? Result<store::Receipt>(store::Receipt()) : store_.Commit(change);
    if (receipt) {
      treasury_.Committed(*receipt);
    } else {
      treasury_.Failed(receipt.error());
    }
  }

  Treasury& treasury_;
  store::Store& store_;
  std::mutex mutex_;
  std::condition_variable told_;
  bool has_work_ = false;
  bool stops_ = false;
  std::thread thread_;
};

}  // namespace postern::treasury
