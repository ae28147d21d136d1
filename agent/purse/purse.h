// The wallet of this host in its surroundings: what exchanges may spend, kept in the record, refilled by the
// collector.
//
//   gate ──Reserve, Extend, Settle──▶ purse ──rows──▶ record (agent/spool), with the event they belong to
//                                     (wallet) ──Demand, Return──▶ uplink ══▶ collector's ledger
//                                       ▲ ◀──Grant, heard, another incarnation── posted to the loop
//
// The order is the promise (agent/wallet/output.h): rows are appended before what they are for, so that a
// record which has the intent has the reservation; an extension counts once it is written; what is given back
// is said once it is synced. README.md has the crash table.
//
// Fails closed: what it can't have in time is refused, and what can't be recorded isn't spent, except where
// the configuration says to go on without a record (when_full: gap).
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/purse/agent_clock.h"
#include "agent/spool/spool.h"
#include "agent/wallet/wallet.h"
#include "shared/base/ids.h"
#include "shared/base/result.h"
#include "shared/http/loop.h"
#include "shared/http/task.h"
#include "shared/limits/table.h"
#include "shared/wire/conversation.h"
#include "shared/wire/event.h"

namespace postern::purse {

// What an exchange is expected to cost, in every unit that a limit may count: each limit takes the one that
// its `admission` says. One request, one slot.
struct Estimate {
  limits::Amounts likely;  // kEstimated
  limits::Amounts worst;   // kStrict
};

enum class Verdict : uint8_t {
  kAdmitted,     // reserved, or extended
  kExhausted,    // the collector says that too little is left
  kUnavailable,  // what is held here doesn't suffice, and the collector gave no answer in time
  kUnrecorded,   // the record can't be kept
  kCancelled,    // the strand was cancelled first: nothing is reserved
};

struct Decision {
  Verdict verdict = Verdict::kAdmitted;
  std::string account{};  // kExhausted: that lacks something; limits::LimitOf names the limit
  std::optional<WallTime>
      resets{};  // kExhausted: the end of its window, where that is known and there is one
};

// Why an exchange that has reserved is to be ended.
enum class Loss : uint8_t {
  kSlot,         // its `concurrent` lease is over: the collector wasn't heard for too long
  kIncarnation,  // the collector has issued another incarnation: what was reserved counts nowhere here
};

// How much of a limit isn't available to this host any more, as far as it was told.
struct Fullness {
  const limits::Limit* limit = nullptr;  // of the matches
  std::string account;
  int64_t permille = 0;              // 0 to 1,000
  std::optional<WallTime> resets{};  // the end of the window; none of what has no end
};

// What there is of one window of an account.
struct Balance {
  std::string account;
  limits::Window window;
  limits::Counters counters;
  Amount reserved;             // by exchanges in flight
  Amount spare;                // held here, and free
  std::optional<Amount> left;  // at the collector, as it last said
};

// How the purse reaches the rest of the agent. All are called on the loop's thread; none may wait.
struct Ports {
  // As gate::Recorder: an event and its rows, in one batch.
  std::function<Result<spool::Ticket>(wire::Event&&, spool::WalletRows&&)> append;
  // Rows alone, which are never turned away.
  std::function<spool::Ticket(spool::WalletRows&&, spool::Haste)> append_rows;
  std::function<spool::Standing(spool::Ticket, spool::Spool::Wanted)> standing;
  // Whether an intent would be taken now.
  std::function<bool()> takes_intents;
  // Demands and returns for the collector. Lost where it isn't there.
  std::function<void(wire::FromAgent)> say;
};

// Owned by the loop thread.
class Purse final : private http::Timer {
 public:
  // `rows`: as the record had them when it was opened (spool::Spool::wallet_rows). The clock must live
  // longer.
  Purse(http::Loop& loop, AgentClock& clock, Ports ports, wallet::Options options,
        const spool::WalletRows& rows);

  // ---- For the gate. ----

  // Reserves what the exchange is expected to cost in every account that it meets (limits::Table::Match), or
  // nothing: at once where what is held here suffices, else the collector is asked and the strand waits, at
  // most 250 ms. Sets and clears the strand's deadline. After kAdmitted the row is on its way to the record:
  // append the intent without awaiting anything in between, and end with Settle or Abandon. Once an exchange.
  // Without accounts it is admitted, and there is nothing to settle.
  http::Task<Decision> Reserve(http::Strand& strand, ExchangeId exchange, std::span<const limits::Match> met,
                               const Estimate& estimate);

  // Sees to it that in all that much is reserved for it, of usd and tokens, in the windows in which it was
  // admitted; a smaller amount takes nothing back. `done` is called once, never within this call, when that
  // is written or can't be had; not at all once the exchange was settled, abandoned or lost. One at a time
  // for each exchange: kInvalid while one waits. kNotFound: it has nothing reserved (no limit had a word).
  using Done = std::function<void(const Decision&)>;
  Status Extend(const ExchangeId& exchange, const limits::Amounts& in_all, Done done);

  // The exchange has ended and cost that much (also more than was reserved): fills in its outcome's charges
  // and appends the event with the rows, in one batch. The caller has filled in the rest (admission,
  // extensions, refused_extension too). Where nothing is reserved the event is appended without charges.
  // Errors as gate::Recorder::Append; the money is settled all the same.
  Result<spool::Ticket> Settle(const ExchangeId& exchange, const limits::Amounts& spent,
                               wire::Event&& outcome);

  // Nothing went upstream and there is no intent: what was reserved is free again. Nothing where nothing is.
  void Abandon(const ExchangeId& exchange);

  // Called for each exchange that is to be ended; it is settled as any other. One call for each.
  void OnLoss(std::function<void(const ExchangeId&, Loss)> call) { on_loss_ = std::move(call); }

  // Of these the one of usd, tokens or requests of which the largest share is gone. Nothing where the
  // collector has said nothing of any.
  std::optional<Fullness> Fullest(std::span<const limits::Match> met);

  // By account, then window.
  std::vector<Balance> Balances() const;
  size_t in_flight() const { return wallet_.in_flight(); }

  // ---- For the composition root. ----

  // What the record's progress becomes on the loop's thread: extensions and returns that waited for it go on.
  void OnProgress();

  void Receive(const wire::Grant& grant);
  // The collector has answered what was sent then, and has said what time it was there.
  void OnHeard(const Heard& heard);
  // The record goes on under another incarnation, with nothing.
  void Begin(uint64_t incarnation);
  // Everything that isn't reserved goes back, and from now on so does what still comes, and nothing more is
  // asked for: before a stop that is meant.
  void GiveBack();
  // Nothing that was given back waits for the disk any more.
  bool all_said() const { return returns_.empty(); }

 private:
  struct Waiter;
  struct Extension {
    ExchangeId exchange;
    Done done;
    std::optional<Decision> decision;
    spool::Ticket ticket{};  // of its row
  };
  struct Returned {
    limits::Return back;
    spool::Ticket ticket{};
  };

  WallTime Now();
  void OnDeadline() override;
  void ArmTimer();
  void Request(const ExchangeId& exchange, std::span<const limits::Match> met, const Estimate& estimate);
  spool::WalletRows TakeRows();
  void Act();
  void ActAfter(spool::Ticket ticket);
  void Deliver(wallet::Decision&& decision, spool::Ticket ticket);
  void FinishExtensions();
  void SayReturns();
  void EndUncovered();
  void Forget(const ExchangeId& exchange);
  static bool IsSound(const limits::Answer& answer);
  static std::optional<WallTime> KnownEnd(WallTime end);

  http::Loop& loop_;
  AgentClock& clock_;
  const Ports ports_;
  wallet::Wallet wallet_;
  uint64_t incarnation_;
  bool leaves_ = false;  // everything was given back
  WallTime now_ = WallTime::min();
  WallTime next_look_ = WallTime::min();
  wallet::Output output_;  // of the call under way
  wallet::Output spare_;   // memory of an earlier one
  std::vector<wallet::Part> parts_;
  std::vector<Waiter*> waiters_;
  std::vector<Extension> extensions_;
  std::deque<Returned> returns_;  // in the order of their tickets
  std::vector<ExchangeId> lost_;  // that were told so, and are not settled yet
  std::function<void(const ExchangeId&, Loss)> on_loss_;
};

}  // namespace postern::purse
