// One window of one account: who holds how much of it.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "shared/limits/grant.h"

namespace postern::ledger {

// Larger numbers than this are nobody's money: sums of two of them don't overflow.
inline constexpr Amount kMost{int64_t{1} << 60};

constexpr bool IsSound(Amount amount) { return amount >= Amount() && amount <= kMost; }

struct Holding {
  limits::Counters counters;
  Amount overspent;
  uint64_t answered = 0;   // the newest recall that it has answered
  WallTime answered_at{};  // since then, and for a while, what becomes free comes back at once
  uint64_t asked = 0;
  uint64_t granted_before = 0;   // the newest recall of any pool when the last grant was made: an answer to a
                                 // later one says that the grant has come
  uint32_t record = UINT32_MAX;  // of its records in an output, as a hint
};

// A recall of everything that isn't reserved, to everybody who may have some.
struct Round {
  uint64_t number = 0;
  bool is_open = false;
  WallTime started{};
  uint32_t awaited = 0;
  bool all_stood = false;  // when it began, everybody asked was giving back at once what became free
  bool granted = false;    // something, since it began
};

// Keeps the sum of what is held as holdings change. Thread-compatible.
class Pool {
 public:
  Pool(std::string account, limits::Window window) : account_(std::move(account)), window_(window) {}

  const std::string& account() const { return account_; }
  const limits::Window& window() const { return window_; }

  // What is left of `limit`; negative where it was lowered or overspent.
  Amount Left(Amount limit) const { return limit + forgiven - unreported - held_; }

  Amount held() const { return held_; }
  Amount Spent() const {
    Amount spent;
    for (const auto& [holder, holding] : holdings_) spent += holding.counters.used;
    return spent;
  }

  Holding& At(uint32_t holder) { return holdings_[holder]; }
  const Holding* Find(uint32_t holder) const {
    const auto found = holdings_.find(holder);
    return found == holdings_.end() ? nullptr : &found->second;
  }
  std::map<uint32_t, Holding>& holdings() { return holdings_; }
  const std::map<uint32_t, Holding>& holdings() const { return holdings_; }

  // The only way in which counters change.
  void Set(Holding& holding, const limits::Counters& counters) {
    held_ += counters.held() - holding.counters.held();
    holding.counters = counters;
  }

  Amount forgiven;
  Amount unreported;
  Round round;
  WallTime next_round_at{};

 private:
  std::string account_;
  limits::Window window_;
  std::map<uint32_t, Holding> holdings_;
  Amount held_;
};

}  // namespace postern::ledger
