// What agents say of money, until it is worked out. Each agent has a queue of its own, in the order in which
// it spoke; they are emptied in turn, so that nobody's flood holds up another.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "collector/ledger/output.h"
#include "shared/base/clock.h"
#include "shared/limits/grant.h"

namespace postern::treasury {

// An agent was welcomed as `holder`; its Hello was of `said`, and told what that one holds.
struct Greeting {
  ledger::Holder holder;
  uint64_t said = 0;
  limits::Return report;
  WallTime at{};  // the agent's clock
};

struct Letter {
  ledger::Holder holder;
  WallTime arrived{};
  std::variant<Greeting, limits::Demand, limits::Return> body;
};

// Thread-compatible.
class Inbox {
 public:
  static constexpr size_t kMostOfOne = 2048;  // letters of one agent; beyond that they are dropped
  static constexpr size_t kMostAtOnce = 4096;

  // False where too many of this agent wait. A greeting is always taken: what was said before it no longer
  // counts.
  bool Put(Letter letter);

  // In turn, one of each agent, at most kMostAtOnce.
  std::vector<Letter> Take();

  size_t size() const { return size_; }
  void Clear();

 private:
  std::map<std::string, std::deque<Letter>> queues_;  // none is empty
  std::string last_;                                  // whose turn it was
  size_t size_ = 0;
};

}  // namespace postern::treasury
