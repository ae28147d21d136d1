// What the collector's log says of one account: each exchange's charges, who was refused, and whether each
// counter is the sum of its events.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "shared/json/value.h"
#include "tests/end_to_end/keep.h"
#include "tests/end_to_end/reckoning.h"

namespace postern::end_to_end {

class FleetBooks {
 public:
  explicit FleetBooks(std::string account) : account_(std::move(account)) {}

  // Reads on where it stopped.
  void Read(const Keep& keep);

  int64_t spent() const { return spent_; }
  int64_t beyond_reserved() const { return beyond_reserved_; }  // of those that were refused an extension
  int64_t unexpected() const { return unexpected_; }            // beyond what was reserved, of others
  uint64_t settled() const { return settled_; }
  uint64_t refused_extension() const { return refused_extension_; }
  uint64_t interrupted() const { return interrupted_; }
  uint64_t refusals() const { return refusals_; }
  const std::map<std::string, int>& alarms() const { return alarms_; }

  const std::map<HolderName, int64_t>& spent_by() const { return sums_; }

  // Those that are settled.
  std::vector<Spending> Spendings() const;
  // What is wrong with the log, in sentences; what has no outcome, if all that was begun is to be over.
  std::vector<std::string> Problems() const;
  std::vector<std::string> Open() const;

 private:
  struct Exchange {
    WallTime intent{};
    int outcomes = 0;
    Spending spending;
    bool is_charged = false;
  };
  void Enter(const json::Object& item);
  void EnterCharge(const json::Object& charge, const HolderName& holder, Exchange& exchange);

  const std::string account_;
  int64_t read_ = -1;  // up to this place
  int64_t spent_ = 0;
  int64_t beyond_reserved_ = 0;
  int64_t unexpected_ = 0;
  uint64_t settled_ = 0;
  uint64_t refused_extension_ = 0;
  uint64_t interrupted_ = 0;
  uint64_t refusals_ = 0;
  std::map<std::string, int> alarms_;
  std::map<std::string, Exchange> exchanges_;
  std::map<HolderName, int64_t> sums_;
  std::vector<std::string> problems_;
};

// The account as the collector states it.
struct StatedAccount {
  int64_t spent = 0;
  int64_t held = 0;
  int64_t left = 0;
};
StatedAccount StateAccount(const Keep& keep, const std::string& limit);

// Who has spent or holds something of it, one incarnation each.
struct LimitHolder {
  std::string host;
  std::string state;  // "away", "earlier", …
  int64_t spent = 0;
  int64_t held = 0;
};
std::vector<LimitHolder> StateHolders(const Keep& keep, const std::string& limit);

}  // namespace postern::end_to_end
