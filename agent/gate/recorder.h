// The gate's side of the record: hands events to the spool and lets coroutines wait until they are safe.
//
//   const auto ticket = recorder.Append(std::move(event));
//   const Kept kept = co_await recorder.Await(exchange.strand(), *ticket, Durability::kWritten);
//
// The spool's thread is woken once a turn of the loop, for all that the turn has appended. Somebody waits for
// an intent, so it wakes the thread at the end of its turn; what nobody waits for goes with the next intent,
// or when kMayWait has passed.
#pragma once

#include <chrono>
#include <vector>

#include "agent/gate/blank_events.h"
#include "agent/spool/spool.h"
#include "shared/http/loop.h"

namespace postern::gate {

// kWritten survives a kill of the agent, kSynced a power cut.
using Durability = spool::Spool::Wanted;

enum class Kept {
  kYes,        // or the configuration says to go on without (when_full: gap)
  kNo,         // the record can't be kept: fail closed
  kCancelled,  // the strand was cancelled first
};

// Owned by the loop thread.
class Recorder final : private http::TurnEnd, private http::Timer {
 public:
  // How long an outcome may be in this process's memory alone: one that is lost with it is settled as
  // interrupted at the next start.
  static constexpr std::chrono::milliseconds kMayWait{2};

  // Both must live longer.
  Recorder(http::Loop& loop, spool::Spool& spool) : loop_(loop), spool_(spool) {}

  // What the spool's progress becomes on the loop's thread: wakes those whose waiting has an end.
  void OnProgress();

  // What to append, to be filled: empty, but with the memory of an earlier one.
  wire::Event BlankIntent();
  wire::Event BlankOutcome();

  // kExhausted or kUnavailable when the record can't be kept now.
  Result<spool::Ticket> Append(wire::Event&& event);
  // An outcome with what the wallet wants to be written with it.
  Result<spool::Ticket> Append(wire::Event&& event, spool::WalletRows&& rows);
  // Rows alone, which are always taken.
  spool::Ticket Append(spool::WalletRows&& rows, spool::Haste haste);

  // Whether the event behind the ticket has reached that durability; ends early when it can't.
  http::Task<Kept> Await(http::Strand& strand, spool::Ticket ticket, Durability durability);

 private:
  struct Waiter;
  enum class Haste { kNone, kWhenDue, kThisTurn };

  bool IsDone(const Waiter& waiter) const;
  void Hurry(Haste haste);
  void OnTurnEnd() override;
  void OnDeadline() override { spool_.Wake(); }

  http::Loop& loop_;
  spool::Spool& spool_;
  std::vector<Waiter*> waiters_;
  BlankEvents blanks_;
  std::vector<wire::Event> spent_;
  Haste haste_ = Haste::kNone;  // of what this turn has appended
};

}  // namespace postern::gate
