// Who keeps the ledger: what agents ask for and give back, what their events were charged, and what people
// change comes in from several threads, is worked out in one, and is said only once it is on the disk.
//
//   conversation ── Greet, Ask, GiveBack, Hear ──▶ inbox ──┐
//   API ────────── Statements, Reset, Forfeit ──▶ errands ─┤
//   committer ──── Prepare(settlements, change) ◀──────────┘   rows go into the change with the events
//                        │ the change is committed
//                        ├─ Committed ──▶ what agents are told; errands are done
//                        └─ Failed ─────▶ the ledger is thrown away and made anew from the rows
//
// So the order of the rows on the disk is the order in which they were worked out: only the committer writes
// them. README.md has what every crash comes to. Fails closed: without its rows it grants nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "collector/ledger/ledger.h"
#include "collector/store/store.h"
#include "shared/base/clock.h"
#include "shared/base/result.h"
#include "shared/limits/table.h"

namespace postern::treasury {

using ledger::Holder;

// What the policy says of money.
struct Terms {
  std::shared_ptr<const limits::Table> limits;
  int64_t ahead_permille = 0;  // `offline.allowance`; 0: as the ledger has it
};

// What one event was charged.
struct Settlement {
  Holder holder;
  std::vector<limits::Charge> charges;
};

// What follows from what is on the disk now.
struct Proceeds {
  std::vector<ledger::Message> messages;  // to be sent to whoever is connected as this holder
  std::vector<ledger::Alarm> alarms;
  std::vector<Holder>
      strangers;  // who said something before their Hello was taken in: to be asked for it again
};

// Grow only, but for `waiting`.
struct Stats {
  uint64_t demands = 0, grants = 0, denials = 0, recalls = 0, returns = 0;
  uint64_t settlements = 0, rows = 0, rebuilt = 0, turned_away = 0, alarms = 0;
  uint64_t waiting = 0;  // messages that are not worked out yet
};

// Thread-safe.
class Treasury {
 public:
  struct Options {
    ledger::Options ledger = {};
    std::function<WallTime()> wall_now = WallNow;
  };

  // Reads the rows. Where the collector's epoch is above theirs, a backup was restored: what isn't held
  // counts as spent from then on (Ledger::Recover), and that is on the disk before this returns. Errors as
  // the store's; kCorrupt for a row that can't be read. `store` must live longer.
  static Result<std::unique_ptr<Treasury>> Open(store::Store& store, uint64_t epoch, Terms terms,
                                                Options options);
  ~Treasury();  // as Close

  // ── for people. Each waits until what it says or does is on the disk. kUnavailable while the store fails,
  // while the collector waits for `recover`, and after Close.

  // Each window of the account; of every account where it names none. None that nobody has asked anything of
  // yet: such a limit is whole.
  Result<std::vector<ledger::Statement>> Statements(const std::string& account);

  // The windows of the account that hold now begin anew. May be repeated.
  Status Reset(const std::string& account);

  // What the agent's incarnations hold and haven't spent is free again, and they are granted nothing more.
  // May be repeated. Only once its chains are closed (directory::Agents::Forfeit): then it comes back with
  // another incarnation.
  Status Forfeit(const std::string& agent);

  Stats stats() const;

  // ── for the conversation thread. None of these waits for the disk.

  // At each Hello: why this agent can't go on with the incarnation that it brings; nothing where it can. Its
  // wallet has forgotten what it once said, or says that it holds what nobody has granted. kUnavailable where
  // there is no telling now.
  Result<std::optional<std::string>> Doubt(const Holder& said, const limits::Return& report);

  // It was welcomed as `holder`, with a Hello of incarnation `said`. Until its greeting is taken in, nothing
  // else is taken from it. What was granted to it before is said again.
  void Greet(const Holder& holder, uint64_t said, limits::Return report, WallTime at);

  // False where too much of this agent waits.
  bool Ask(const Holder& holder, limits::Demand demand);
  bool GiveBack(const Holder& holder, limits::Return returned);

  // A heartbeat; `at` is the agent's clock. Renews its leases.
  void Hear(const Holder& holder, WallTime at);

  // From now on these: before anything that is said from here on.
  void SetTerms(Terms terms);

  // ── for the committer, in this order, from one thread.

  // Called, from any thread, when there is something to do; it must be quick.
  void OnWork(std::function<void()> tell);
  // After this long there is something to do in any case.
  std::chrono::milliseconds patience() const;

  // Works out all that has come, with these settlements, and adds the rows to the change; there may be none.
  // Committed or Failed must follow. An error says that the change must not be committed: Failed is done.
  Status Prepare(std::vector<Settlement>& settlements, store::Change& change);
  Proceeds Committed(const store::Receipt& receipt);
  void Failed(const Error& error);

  // Instead of the three: nothing is worked out, and whoever waits is told this.
  void Refuse(const Error& error);

  // Whoever waits or comes is told that it is over. May be called again.
  void Close();

 private:
  struct State;
  explicit Treasury(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace postern::treasury
