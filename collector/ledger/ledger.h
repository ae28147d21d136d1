// Who may spend how much: the granting side of budgets and rate limits. README.md has the protocol.
//
//   Σ max(granted − returned, used)  ≤  limit + what exchanges overspent that were refused an extension
//
// in each window of each account; nothing is granted while that wouldn't hold. A demand is over all accounts
// of an exchange and is met in all of them or in none, in one write. What lies idle at other agents is called
// back before anybody is denied: a denial is proven by a round of recalls.
//
// A value machine, as the wallet is: calls and messages come in with a time, rows to persist and messages go
// out. It fails closed: a ledger that finds that it was restored from a backup grants nothing until Recover.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "collector/ledger/output.h"
#include "collector/ledger/pool.h"
#include "shared/limits/table.h"

namespace postern::ledger {

struct Options {
  std::chrono::milliseconds patience{200};  // a demand that can't be met is kept so long
  std::chrono::milliseconds recall{100};    // who doesn't answer within it counts as out of reach
  std::chrono::milliseconds pause{2};       // between two rounds of recalls of one pool
  std::chrono::milliseconds standing{500};  // half of what the wallet allows a recall to hold
  std::chrono::seconds lease{60};           // a silent agent's slots are free again
  std::chrono::seconds skew{5};             // between an agent's clock and this one
  std::chrono::minutes lead{5};             // so long before it begins the next window may be granted from
  int64_t ahead_permille = 100;  // `offline.allowance`: of the next window's amount, at most, to one agent
  std::chrono::hours keep{72};   // a pool's rows, after its window's end
  std::chrono::hours keep_short{3};                         // those of windows that are shorter than a day
  std::chrono::seconds keep_slots{std::chrono::hours(72)};  // a holder's slots, after it was last heard
};

// What is to be shown of one account.
struct Statement {
  std::string account;
  limits::Window window;
  Amount amount;  // of the limit, with what a reset forgave
  Amount spent;
  Amount unreported;  // counts as spent
  Amount left;        // to be granted
  std::vector<std::pair<Holder, limits::Counters>> holders;
};

// Owned by one thread. After a write that failed it is to be thrown away and made anew from the rows.
class Ledger {
 public:
  using Limits = std::shared_ptr<const limits::Table>;  // shared with whoever made the policy

  Ledger(Options options, Limits limits);
  Ledger(Ledger&&) = default;
  Ledger& operator=(Ledger&&) = default;

  // From the rows as they were last written. Leases begin anew: who is gone is silent for their length.
  static Ledger Restore(Options options, Limits limits, std::span<const PoolRecord> pools,
                        std::span<const HoldingRecord> holdings, WallTime recovered, WallTime now);

  // From now on these. What was spent stays; where less is left than nothing, what lies idle is called back.
  void SetLimits(Limits limits, WallTime now, Output& output);

  // `offline.allowance`, from now on.
  void SetAhead(int64_t permille) { options_.ahead_permille = permille; }

  // Between the two what comes in is taken in, and what waits is looked at once at the end: many messages of
  // one moment cost one look.
  void Hold() { is_held_ = true; }
  void Release(WallTime now, Output& output);

  // A demand of an exchange that waits is answered by kGranted or kDenied, now or by a later call. It may be
  // repeated, and is answered again. Unsound numbers are an alarm, and no answer.
  void Receive(const Holder& holder, const limits::Demand& demand, WallTime now, Output& output);
  void Receive(const Holder& holder, const limits::Return& returned, WallTime now, Output& output);

  // The charges of one event, in the order of events; the caller sees to it that each event comes once. The
  // rows are to be written with the event.
  void Apply(const Holder& holder, std::span<const limits::Charge> charges, WallTime now, Output& output);

  // A heartbeat; `at` is the agent's clock. Renews leases: the answer to it is the caller's.
  void Heard(const Holder& holder, WallTime at, WallTime now);

  // At each Hello: whether the wallet has forgotten what it has once said (an old snapshot of a machine, a
  // forfeited agent that came back). Then it is to take a new incarnation.
  bool IsOlder(const Holder& holder, const limits::Return& report, WallTime now) const;

  // Whether somebody says that it was granted more in this window than it was. Of a window whose rows are
  // gone by now nothing can be said, nor of slots whose row is.
  bool IsBeyond(const Holder& holder, const std::string& account, const limits::Window& window,
                Amount granted, WallTime now) const;
  // The window is over for so long that its rows are gone, or go.
  bool IsForgotten(const limits::Window& window, WallTime now) const;
  bool IsKnown(const std::string& account, const limits::Window& window) const;
  bool Knows(const Holder& holder, const std::string& account, const limits::Window& window) const;

  // All that this ledger has granted to it and that may matter still: after each Hello, with its report. Of
  // slots that it says to have and that it has no row of here any more it is told that they are given back.
  void Resend(const Holder& holder, const limits::Return& report, WallTime now, Output& output) const;

  // Deadlines, rounds, leases. Every few milliseconds while something is pending, else every second.
  void Tick(WallTime now, Output& output);

  // What the agent's incarnations hold and haven't spent is free again. Only for an agent that won't come
  // back: what it has spent and not reported is overspent when it does.
  void Forfeit(std::string_view agent, WallTime now, Output& output);

  // The windows of that account that hold now begin anew: what was spent is forgiven.
  void Reset(std::string_view account, WallTime now, Output& output);

  // This is an old backup, and a new epoch: in every window that a lost grant may have been for, what isn't
  // held counts as spent. Agents' reports (Merge) say how much of it is theirs. `now` is to be persisted and
  // given to Restore.
  void Recover(WallTime now, Output& output);
  void Merge(const Holder& holder, const limits::Return& report, WallTime now, Output& output);
  bool is_halted() const { return is_halted_; }

  std::vector<Statement> Statements(std::string_view account, WallTime now) const;
  std::vector<Statement> AllStatements(WallTime now) const;
  bool waits() const { return !pending_.empty(); }

 private:
  struct Agent {
    Holder holder;
    WallTime last_heard{};  // this clock
    WallTime heard{};       // the agent's
    bool is_silent = false;
  };
  struct Pending {
    uint32_t holder = 0;
    limits::Demand demand;
    std::vector<Pool*> pools;  // of each claim
    WallTime arrived{};
    std::vector<const Pool*> short_of{};  // by proofs of this call: it is denied at its end
  };
  using Pools = std::map<limits::Window, std::unique_ptr<Pool>>;

  uint32_t IndexOf(const Holder& holder);
  uint32_t Hear(const Holder& holder, WallTime at, WallTime now);
  Pool& Open(const std::string& account, const limits::Window& window, WallTime now, Output& output);
  Pool* PoolFor(const limits::Claim& claim, WallTime at, WallTime now, Output& output);
  Pool* RollingPool(const limits::Claim& claim, const limits::Limit& limit, WallTime at, WallTime now,
                    Output& output);
  Amount LimitOf(const Pool& pool, WallTime now) const;
  WallTime NextEndOfARaise(WallTime now) const;
  void CallBackWhatIsTooMuch(WallTime now, Output& output);
  Amount LeftOf(const Pool& pool, WallTime now) const { return pool.Left(LimitOf(pool, now)); }
  bool IsTrusted(const Holder& holder, const limits::Demand& demand, Output& output);
  bool Halts(const Holder& holder, const std::string& account, Amount seen, Amount known, Output& output);
  static Amount NeedOf(const limits::Claim& claim, const Pool& pool, uint32_t holder);
  static Amount OverdraftOf(const limits::Counters& counters);
  bool Lacks(const Pending& pending, size_t claim, WallTime now) const;
  bool TryGrant(const Pending& pending, WallTime now, Output& output);
  Amount ExtraOf(const limits::Claim& claim, const Pool& pool, uint32_t holder, Amount need,
                 WallTime now) const;
  void Work(WallTime now, Output& output);
  std::vector<Pool*> GrantWhatFits(WallTime now, Output& output);
  void StartRound(Pool& pool, WallTime now, Output& output);
  std::set<uint32_t> WhoGaveBackMore(const Pool& pool) const;
  void FinishRound(Pool& pool, WallTime now, Output& output);
  Proof ProofOf(const Pool& pool, WallTime now) const;
  bool DenyWhatIsProven(WallTime now, Output& output);
  void Deny(const Pending& pending, WallTime now, Output& output) const;
  void Send(const Pending& pending, limits::Word word, WallTime now, Output& output) const;
  limits::Standing StandingOf(const Pool& pool, uint32_t holder, WallTime now) const;
  void EndSlowRounds(WallTime now, Output& output);
  void FreeSilentLeases(WallTime now, Output& output);
  void Sweep(WallTime now, Output& output);
  void SweepSlots(Pool& pool, WallTime now, Output& output) const;
  bool IsOver(const Pool& pool, WallTime now) const;
  bool GoesOn(Pool& pool, uint32_t holder, const limits::Claim& claim, Output& output) const;
  static limits::Standing GivenBack(const std::string& account, Amount granted);
  void Record(const Pool& pool, Output& output) const;
  HoldingRecord& Record(const Pool& pool, uint32_t index, Holding& holding, Output& output) const;
  Statement StatementOf(const Pool& pool, WallTime now) const;
  Amount UnreportedOf(const std::string& account, const limits::Window& window, WallTime now) const;

  Options options_;
  Limits limits_;
  std::vector<Agent> agents_;  // by index
  std::map<Holder, uint32_t> index_;
  std::unordered_map<std::string, Pools, limits::TextHash, std::equal_to<>> accounts_;
  std::deque<Pending> pending_;  // in the order in which they came
  std::vector<Pool*> open_rounds_;
  uint64_t last_round_ = 0;
  WallTime recovered_ = WallTime::min();
  WallTime next_sweep_{};
  WallTime raise_ends_ = WallTime::max();  // the next one
  bool is_halted_ = false;
  bool is_held_ = false;
};

}  // namespace postern::ledger
