// The gate's side of the record: hands events to the spool and lets coroutines wait until they are safe.
//
//   const auto ticket = recorder.Append(std::move(event));
//   const Kept kept = co_await recorder.Await(strand, *ticket, Durability::kWritten);
#pragma once

#include <vector>

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
class Recorder {
 public:
  // Both must live longer.
  Recorder(http::Loop& loop, spool::Spool& spool) : loop_(loop), spool_(spool) {}

  // What the spool's progress becomes on the loop's thread: wakes whoever waits.
  void OnProgress();

  // kExhausted or kUnavailable when the record can't be kept now.
  Result<spool::Ticket> Append(wire::Event event) { return spool_.Append(std::move(event)); }

  // Whether the event behind the ticket has reached that durability; ends early when it can't.
  http::Task<Kept> Await(http::Strand& strand, spool::Ticket ticket, Durability durability);

 private:
  struct Waiter {
    http::Strand* strand;
    spool::Ticket ticket;
    Durability durability;
  };

  http::Loop& loop_;
  spool::Spool& spool_;
  std::vector<Waiter> waiters_;
};

}  // namespace postern::gate
