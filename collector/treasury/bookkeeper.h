// The ledger with what belongs to it: the epoch, who has been met in it, the version of the rows. It takes in
// what was screened, and turns what comes of it into rows.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "collector/ledger/ledger.h"
#include "collector/store/types.h"
#include "collector/treasury/inbox.h"
#include "collector/treasury/rows.h"
#include "collector/treasury/treasury.h"

namespace postern::treasury {

// Thread-compatible. After a write that failed it is to be made anew from the rows.
class Bookkeeper {
 public:
  // When somebody was last heard.
  struct Sign {
    WallTime at{};       // its clock
    WallTime arrived{};  // this one's
  };

  Bookkeeper(const ledger::Options& options, ledger::Ledger::Limits limits, Rows rows, WallTime now);

  // Of the collector's present epoch. Where the rows are of an earlier one, they are those of a backup: what
  // isn't held counts as spent. Adds to the change what follows.
  void Begin(uint64_t epoch, WallTime now, store::Change& change);

  // The clock of what follows. It never goes back.
  void BeginTurn(WallTime now);
  WallTime now() const { return now_; }

  // As Treasury::Doubt.
  std::optional<std::string> Doubt(const Holder& said, limits::Return report, WallTime now) const;

  // Its Hello. Once in each epoch after a restore it says what it holds of it.
  void Take(const Greeting& greeting, WallTime arrived, ledger::Output& output);
  // A demand or a return. False where it says that it was granted what nobody has: it is to say Hello.
  bool Take(Letter& letter, ledger::Output& output);
  void Settle(Settlement& settlement, ledger::Output& output);

  // The rows of what was worked out since the last time, each as it is now.
  void AddRows(const ledger::Output& output, store::Change& change);
  // They are on the disk; how many.
  size_t Committed(uint64_t version);

  ledger::Ledger& ledger() { return ledger_; }
  const ledger::Ledger& ledger() const { return ledger_; }

 private:
  // How many windows an agent may begin: none of them is granted by that, but each is a row for days.
  struct Quota {
    uint64_t left = kMostOpened;
    WallTime refilled{};
  };
  static constexpr uint64_t kMostOpened = 20'000;
  static constexpr std::chrono::milliseconds kRefill{20};  // one more after each

  bool is_recovered() const { return epoch_.recovered != WallTime::min(); }
  void Meet(const Holder& holder, const limits::Return* report, ledger::Output& output);
  uint64_t LeftToOpen(const std::string& agent);
  void Raise(const Holder& holder, ledger::Trouble trouble, std::string sentence,
             ledger::Output& output) const;

  ledger::Ledger ledger_;
  EpochRow epoch_;
  std::set<Holder> met_;
  std::map<std::string, Quota> quotas_;
  uint64_t version_;
  WallTime now_;
  std::vector<store::LedgerRow> more_;  // rows of this turn besides the ledger's own
  size_t rows_ = 0;
};

}  // namespace postern::treasury
