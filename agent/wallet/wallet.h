// What this agent may spend without asking anybody: the spending side of grants. README.md has the protocol.
//
//   granted − returned  =  used + Σ reserved + spare        for each window of each account
//
// An exchange is admitted when every limit that it meets has the spare for its estimate; then all of it is
// reserved, or nothing. What is missing is demanded of the ledger while the exchange waits. `used` grows only
// by settling, `returned` only by what is spare, `granted` only by what the ledger says: so neither a crash
// nor a message that is lost, late or repeated makes money.
//
// A value machine: calls and messages come in with a time, decisions, messages and rows to persist go out. It
// fails closed: what it can't have in time is refused.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/wallet/output.h"
#include "agent/wallet/pace.h"
#include "shared/base/result.h"
#include "shared/limits/table.h"

namespace postern::wallet {

struct Options {
  std::chrono::milliseconds patience{250};  // an exchange waits so long for the ledger
  std::chrono::milliseconds repeat{60};     // then a demand is sent again
  // After the sending of what the ledger has answered. The ledger frees slots 60 s after it has heard the
  // same message, which is later by whatever the message took.
  std::chrono::seconds lease{45};
  std::chrono::milliseconds standing{1'000};      // a recall holds so long for what becomes free later
  std::chrono::milliseconds between_asking{500};  // ahead of need
  std::chrono::minutes keep_closed{10};           // a window's row, after its end
};

// What an exchange asks of one account.
struct Part {
  std::string_view account;
  limits::Unit unit = limits::Unit::kUsd;
  Amount amount;
  // Of the limit as it is now: what is held of windows of another length was granted when it was another
  // limit, and isn't reserved from. Nothing: any window that holds now.
  std::optional<limits::Span> span = {};
};

// What limits show.
struct Balance {
  limits::Window window;
  limits::Counters counters;
  Amount reserved;
  std::optional<Amount> left{};  // at the ledger, as it last said
};

// Owned by one thread. `now` is the agent's clock (the boot clock and its offset to the collector's) and
// never goes back; where the offset must change by more than a second, Shift says so.
class Wallet {
 public:
  explicit Wallet(Options options = {}) : options_(options) {}
  Wallet(Wallet&&) = default;
  Wallet& operator=(Wallet&&) = default;

  // From the rows as they were last written. Exchanges that a former life left behind are in flight: each is
  // to be settled by SettleAsReserved, with the event that says that it was interrupted.
  static Wallet Restore(Options options, std::span<const HoldingRecord> holdings,
                        std::span<const ReservationRecord> reservations);
  std::vector<ExchangeId> InFlight() const;
  bool IsInFlight(const ExchangeId& exchange) const { return exchanges_.contains(exchange); }

  // Reserves every part or none. The decision comes in `output`: at once where the wallet suffices, else by a
  // later call. Parts are of accounts that differ. kInvalid for a negative amount or an exchange that is
  // there.
  Status Reserve(const ExchangeId& exchange, std::span<const Part> parts, WallTime now, Output& output);

  // Sees to it that of each account at least that much of its unit is reserved in all, in the windows in
  // which the exchange was admitted, closed ones too. The decision comes as that of Reserve. kNotFound where
  // nothing is in flight.
  Status Extend(const ExchangeId& exchange, const limits::Amounts& in_all, WallTime now, Output& output);

  // The exchange has ended and cost that much, which may be more than was reserved. Frees the rest. kNotFound
  // where nothing is in flight: settling twice counts once. kInvalid for a negative amount.
  Status Settle(const ExchangeId& exchange, const limits::Amounts& spent, WallTime now, Output& output);

  // The same at what was reserved and extended: of an exchange of which nobody knows what became.
  Status SettleAsReserved(const ExchangeId& exchange, WallTime now, Output& output);

  // The client has gone before a decision came. Nothing where none waits.
  void Abandon(const ExchangeId& exchange);

  void Receive(const limits::Answer& answer, WallTime now, Output& output);

  // The collector has answered what was sent at that time of the agent's clock: leases hold on. One that was
  // over before is over, though nobody has looked since, as when the machine slept: it lapses first.
  void Heard(WallTime sent, WallTime now, Output& output);

  // Slots whose lease is over aren't used any more, and are given back. Exchanges that hold one go on
  // uncovered: Uncovered names them, so that the caller may end them.
  void Lapse(WallTime now, Output& output);
  std::vector<ExchangeId> Uncovered(WallTime now) const;
  bool is_leased(WallTime now) const { return now < lease_until_; }

  // The agent's clock is set: `now` is the time before, and from the next call on it shows that much more, or
  // less. Leases are over, since nobody knows when they were begun.
  void Shift(WallTime::duration by, WallTime now, Output& output);

  // To be called every few milliseconds while something waits, else every second: deadlines, repetitions,
  // what is wanted of the next window.
  void Tick(WallTime now, Output& output);

  // Everything that isn't reserved goes back: before a stop that is meant.
  void GiveBack(Output& output);

  // A new incarnation, with nothing. What is in flight is forgotten and counts nowhere here: the caller ends
  // it.
  void Begin(Output& output);

  // All counters: what a collector that was restored from a backup wants to know.
  limits::Return Report() const;

  // Of the window that holds now, where there is one.
  std::optional<Balance> Find(std::string_view account, WallTime now) const;
  std::vector<std::pair<std::string, Balance>> Balances() const;
  bool waits() const { return !waiting_.empty(); }
  size_t in_flight() const { return exchanges_.size(); }

 private:
  struct Holding {
    limits::Window window;
    limits::Counters counters;
    Amount reserved;
    std::optional<Amount> left{};
    uint32_t holds = 0;         // exchanges that have reserved here
    WallTime standing_until{};  // what becomes free goes back at once

    Amount spare() const { return counters.granted - counters.returned - counters.used - reserved; }
  };
  struct Account {
    std::string name;
    std::vector<std::unique_ptr<Holding>> holdings;  // by window
    Pace pace;
    WallTime asked_ahead{};
    std::optional<limits::Span> span = {};  // of its limit, as it was last reserved from
  };
  struct Hold {
    Account* account;
    Holding* holding;
    limits::Unit unit;
    Amount amount;
    Amount admitted;
  };
  struct OwnPart {
    std::string account;
    limits::Unit unit;
    Amount amount;
  };
  struct Waiting {
    ExchangeId exchange;
    Purpose purpose = Purpose::kReserve;
    std::vector<OwnPart> parts{};  // of kReserve
    limits::Amounts in_all{};      // of kExtend
    WallTime deadline{};
    WallTime repeat_at{};
    uint64_t number = 0;
  };
  struct IdHash {
    size_t operator()(const ExchangeId& id) const { return std::hash<std::string_view>()(id.raw()); }
  };

  Account& AccountOf(std::string_view name);
  static Holding* HoldingOf(const Account& account, const limits::Window& window);
  static Holding* Current(const Account& account, WallTime now);
  Holding& Open(Account& account, const limits::Window& window);
  Amount Spare(const Holding& holding, WallTime now) const;
  bool TryReserve(const ExchangeId& exchange, std::span<const Part> parts, WallTime now, Output& output);
  bool TryExtend(std::vector<Hold>& holds, const limits::Amounts& in_all, WallTime now) const;
  bool TryWaiting(const Waiting& waiting, WallTime now, Output& output);
  void TryAllWaiting(WallTime now, Output& output);
  void Ask(Waiting& waiting, WallTime now, Output& output);
  void SendDemand(Waiting& waiting, WallTime now, Output& output);
  void AskAhead(Account& account, WallTime now, Output& output);
  void AskForNext(Account& account, WallTime now, Output& output);
  limits::Claim ClaimOf(Account& account, const Holding* holding, Amount amount, WallTime now);
  std::vector<limits::Claim> ClaimsOf(const Waiting& waiting, WallTime now);
  Status SettleAt(const ExchangeId& exchange, const limits::Amounts* spent, WallTime now, Output& output);
  limits::Claim ClaimOn(const Waiting& waiting, std::string_view account, WallTime now);
  void Free(const std::vector<Hold>& holds, WallTime now, Output& output);
  bool GiveBack(const Account& account, Holding& holding, limits::Return& back, Output& output);
  void Merge(const limits::Standing& standing, WallTime now, Output& output);
  void Granted(const limits::Answer& answer, WallTime now, Output& output);
  void Denied(const limits::Answer& answer, WallTime now, Output& output);
  void Recalled(const limits::Answer& answer, WallTime now, Output& output);
  void Refuse(const Waiting& waiting, Verdict verdict, std::string_view account, WallTime now,
              Output& output);
  void Sweep(WallTime now, Output& output);
  static bool GrowsWithTheAnswer(limits::Unit unit) {
    return unit == limits::Unit::kUsd || unit == limits::Unit::kTokens;
  }
  static void Record(const Account& account, const Holding& holding, Output& output);
  static void Record(const ExchangeId& exchange, const std::vector<Hold>& holds, Output& output);

  Options options_;
  std::unordered_map<std::string, Account, limits::TextHash, std::equal_to<>> accounts_;
  std::unordered_map<ExchangeId, std::vector<Hold>, IdHash> exchanges_;
  std::vector<Waiting> waiting_;  // in the order in which they came
  std::vector<Hold> scratch_;     // so that admission allocates little
  WallTime lease_until_{};
  WallTime next_sweep_{};
  uint64_t next_number_ = 0;
};

}  // namespace postern::wallet
