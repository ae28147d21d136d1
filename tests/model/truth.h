// What nobody in the simulated world can see: the sum over all hosts at one instant. The four promises are
// held against it.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/limits/grant.h"

namespace postern::model {

// Of one window of one account.
struct Pool {
  std::string account;
  limits::Window window;
  Amount used;        // settled, wherever that is known
  Amount frozen;      // of that, by incarnations that have ended
  Amount reserved;    // by exchanges in flight
  Amount overspent;   // by exchanges that were refused an extension, beyond what was reserved
  Amount blind;       // by a clone or an old snapshot before it has met the collector
  Amount forgiven;    // by the last reset, which a limit that is raised later comes on top of
  Amount most;        // the highest limit so far, with what was forgiven then
  Amount most_taken;  // ever

  Amount taken() const { return used + reserved; }
};

// An exchange that waits for the ledger, and what was taken meanwhile of what it asks for, at most.
struct Watch {
  uint64_t exchange = 0;
  WallTime since{};
  struct Wanted {
    Pool* pool;
    Amount amount;
    Amount most_taken;
  };
  std::vector<Wanted> wanted;
};

class Truth {
 public:
  Pool& At(const std::string& account, const limits::Window& window) {
    std::deque<Pool>& pools = pools_[account];
    for (auto pool = pools.rbegin(); pool != pools.rend(); ++pool)
      if (pool->window == window) return *pool;
    Pool& pool = pools.emplace_back();
    pool.account = account;
    pool.window = window;
    return pool;
  }

  std::map<std::string, std::deque<Pool>>& pools() { return pools_; }

  void Change(Pool& pool, Amount used, Amount reserved) {
    pool.used += used;
    pool.reserved += reserved;
    pool.most_taken = std::max(pool.most_taken, pool.taken());
    for (Watch& watch : watches_)
      for (Watch::Wanted& wanted : watch.wanted)
        if (wanted.pool == &pool) wanted.most_taken = std::max(wanted.most_taken, pool.taken());
  }

  void Begin(Watch watch) { watches_.push_back(std::move(watch)); }

  // What was watched, and it is not any more.
  std::optional<Watch> End(uint64_t exchange) {
    for (auto at = watches_.begin(); at != watches_.end(); ++at) {
      if (at->exchange != exchange) continue;
      Watch watch = std::move(*at);
      watches_.erase(at);
      return watch;
    }
    return std::nullopt;
  }

  // Limits have changed: what is being waited for isn't judged.
  void ForgetWatches() { watches_.clear(); }

 private:
  std::map<std::string, std::deque<Pool>> pools_;
  std::vector<Watch> watches_;
};

}  // namespace postern::model
