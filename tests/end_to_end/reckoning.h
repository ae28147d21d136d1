// Whether refusals for a budget were right, reckoned over from three records that are kept apart: the agents'
// logs (who was refused, and what it asked for), the collector's log (what everybody held when everybody had
// been asked: collector/treasury's README), and events (what exchanges had reserved and were charged, when).
//
//   limit − spent − reserved by exchanges in flight − held by agents that are out of reach  <  what was asked
//
// Neither a ledger that keeps something back nor an agent that hoards is believed: of each holder counts the
// smaller one of what it held as the ledger says, and of what its exchanges had spent and reserved as their
// events say. An exchange that was refused an extension may cost more than it had reserved: where the refused
// one's own agent has spent more so than it holds, that comes first, as far as events tell of it. Only where
// an agent was out of reach does the ledger's word count alone.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/base/clock.h"

namespace postern::end_to_end {

// An agent's id and its incarnation.
using HolderName = std::pair<std::string, uint64_t>;

// One exchange, as its events say. Both times are those at which the events were written.
struct Spending {
  HolderName holder;
  WallTime intent{};
  WallTime outcome{};
  int64_t reserved = 0;  // in all, with what it was extended by: so not all of it at all times
  int64_t amount = 0;
};

// What came of it.
struct Reckoned {
  // Refusals that were right: whatever an agent may have held; because of what agents held that were down;
  // because of what agents held that ran, and did not answer in time.
  uint64_t right = 0;
  uint64_t right_by_down = 0;
  uint64_t right_by_unheard = 0;
  int64_t most_down = 0;  // the largest sums that mattered
  int64_t most_unheard = 0;
  int64_t least_short = 0;  // the smallest sum that a refused request lacked, where nobody was out of reach
  std::vector<std::string> wrong;  // in sentences
  uint64_t all() const { return right + right_by_down + right_by_unheard + wrong.size(); }
};

// Thread-compatible.
class Reckoning {
 public:
  Reckoning(std::string account, int64_t limit) : account_(std::move(account)), limit_(limit) {}

  void Add(const Spending& spending) { spendings_[spending.holder].push_back(spending); }
  // The agent could not be spoken to; every agent where it has no name.
  void AddOutage(std::string agent, WallTime from, WallTime until);
  // Lines of the collector's log, or of that agent's; other lines are passed over.
  void ReadProofs(std::string_view log);
  void ReadRefusals(const std::string& agent, std::string_view log);

  Reckoned Reckon() const;

 private:
  // What one holder held, as the ledger says.
  struct Part {
    HolderName holder;
    int64_t granted = 0;
    int64_t used = 0;
    int64_t returned = 0;
    bool is_away = false;

    int64_t held() const { return granted - returned > used ? granted - returned : used; }
  };
  struct Proof {
    WallTime began{};
    WallTime ended{};
    int64_t amount = 0;
    std::vector<std::pair<HolderName, uint64_t>> denied;
    std::vector<Part> parts;
  };
  struct Refused {
    HolderName holder;
    WallTime at{};
    uint64_t demand = 0;
    int64_t wanted = 0;
    int64_t missing = 0;  // of that, and of what was spent there beyond what was held
    int64_t left = 0;
  };
  struct Outage {
    std::string agent;
    WallTime from{};
    WallTime until{};
  };

  // Which proofs a demand was denied by, in the order of their times.
  using Denials = std::map<std::pair<HolderName, uint64_t>, std::vector<const Proof*>>;
  // What each part of a proof had spent and reserved: many are refused by one proof.
  using Takings = std::map<const Proof*, std::vector<int64_t>>;

  static const Proof* ProofOf(const Refused& refused, const Denials& denials);
  int64_t TakenBy(const HolderName& holder, const Proof& proof) const;
  bool WasDown(const std::string& agent, const Proof& proof) const;
  int64_t BehindBy(const Refused& refused, const Proof& proof) const;
  static int64_t ToldLeft(const Proof& proof, const HolderName& holder);
  std::vector<int64_t> TakenIn(const Proof& proof) const;
  void Judge(const Refused& refused, const Proof* proof, Takings& takings, Reckoned& reckoned) const;

  const std::string account_;
  const int64_t limit_;
  std::map<HolderName, std::vector<Spending>> spendings_;
  std::vector<Outage> outages_;
  std::vector<Proof> proofs_;  // in the order of their times
  std::vector<Refused> refused_;
};

}  // namespace postern::end_to_end
