// What isn't kept for ever: leases of who is silent, rows of windows that are long over, and of slots whose
// holder is long gone.
#include <algorithm>

#include "collector/ledger/ledger.h"

namespace postern::ledger {

using limits::Window;

namespace {

constexpr std::chrono::seconds kBetweenSweeps{1};

}  // namespace

bool Ledger::IsForgotten(const Window& window, WallTime now) const {
  if (window == limits::kAlways) return false;
  const bool is_short = window.end - window.begin < std::chrono::hours(23);
  return window.end + (is_short ? options_.keep_short : options_.keep) <= now;
}

bool Ledger::IsOver(const Pool& pool, WallTime now) const {
  if (pool.window() != limits::kAlways) return IsForgotten(pool.window(), now);
  const bool is_empty = std::all_of(pool.holdings().begin(), pool.holdings().end(), [](const auto& entry) {
    return entry.second.counters == limits::Counters();
  });
  return is_empty && pool.forgiven == Amount() && pool.unreported == Amount();
}

bool Ledger::Knows(const Holder& holder, const std::string& account, const Window& window) const {
  const auto index = index_.find(holder);
  return index != index_.end() && IsKnown(account, window) &&
         accounts_.find(account)->second.at(window)->Find(index->second) != nullptr;
}

void Ledger::Sweep(WallTime now, Output& output) {
  next_sweep_ = now + kBetweenSweeps;
  FreeSilentLeases(now, output);
  const auto is_pending = [&](const Pool* pool) {
    return pool->round.is_open || std::any_of(pending_.begin(), pending_.end(), [&](const Pending& pending) {
             return std::find(pending.pools.begin(), pending.pools.end(), pool) != pending.pools.end();
           });
  };
  for (auto at = accounts_.begin(); at != accounts_.end();) {
    std::erase_if(at->second, [&](const auto& entry) {
      const auto& [window, pool] = entry;
      if (window == limits::kAlways) SweepSlots(*pool, now, output);
      if (!IsOver(*pool, now) || is_pending(pool.get())) return false;
      for (auto& [index, holding] : pool->holdings()) Record(*pool, index, holding, output).erased = true;
      Record(*pool, output);
      output.pools.back().erased = true;
      return true;
    });
    at = at->second.empty() ? accounts_.erase(at) : std::next(at);
  }
}

void Ledger::FreeSilentLeases(WallTime now, Output& output) {
  for (auto& [account, pools] : accounts_) {
    const auto found = pools.find(limits::kAlways);
    if (found == pools.end()) continue;
    Pool& pool = *found->second;
    if (pool.unreported > Amount() && now >= recovered_ + options_.lease) {
      pool.unreported = Amount();
      Record(pool, output);
    }
    for (auto& [index, holding] : pool.holdings()) {
      if (holding.counters.returned >= holding.counters.granted) continue;
      if (now < agents_[index].last_heard + options_.lease) continue;
      limits::Counters counters = holding.counters;
      counters.returned = counters.granted;
      pool.Set(holding, counters);
      Record(pool, index, holding, output);
    }
  }
}

// Nothing of them is held. Should the holder come back, it is told that they are given back (Resend), and its
// counters go on from there (GoesOn).
void Ledger::SweepSlots(Pool& pool, WallTime now, Output& output) const {
  if (pool.round.is_open) return;
  std::map<uint32_t, Holding>& holdings = pool.holdings();
  for (auto at = holdings.begin(); at != holdings.end();) {
    const bool is_gone = now >= agents_[at->first].last_heard + options_.keep_slots;
    if (is_gone && at->second.counters.held() == Amount()) {
      Record(pool, at->first, at->second, output).erased = true;
      at = holdings.erase(at);
    } else {
      ++at;
    }
  }
}

}  // namespace postern::ledger
