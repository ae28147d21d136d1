#include "agent/gate/recorder.h"

#include <algorithm>
#include <utility>

namespace postern::gate {
namespace {

// How long a wait may go without progress before it asks whether the disk has stalled.
constexpr std::chrono::milliseconds kAskAgain{500};

}  // namespace

// On the frame of the coroutine that waits, and in the list while it does.
struct Recorder::Waiter {
  Waiter(Recorder& owner, http::Strand& strand, spool::Ticket ticket, Durability durability)
      : recorder(owner), waiting(strand), until(ticket), wanted(durability) {
    recorder.waiters_.push_back(this);
  }
  Waiter(const Waiter&) = delete;
  ~Waiter() {
    if (listed) std::erase(recorder.waiters_, this);
  }

  Recorder& recorder;
  http::Strand& waiting;
  const spool::Ticket until;
  const Durability wanted;
  bool listed = true;
};

wire::Event Recorder::BlankIntent() {
  if (!blanks_.has_intents()) {
    spool_.TakeSpent(spent_);
    blanks_.Take(spent_);
  }
  return blanks_.Intent();
}

wire::Event Recorder::BlankOutcome() {
  if (!blanks_.has_outcomes()) {
    spool_.TakeSpent(spent_);
    blanks_.Take(spent_);
  }
  return blanks_.Outcome();
}

Result<spool::Ticket> Recorder::Append(wire::Event&& event) { return Append(std::move(event), {}); }

Result<spool::Ticket> Recorder::Append(wire::Event&& event, spool::WalletRows&& rows) {
  const Haste haste = event.has_intent() ? Haste::kThisTurn : Haste::kWhenDue;
  auto ticket = spool_.AppendQuietly(std::move(event), std::move(rows));
  Hurry(haste);
  return ticket;
}

spool::Ticket Recorder::Append(spool::WalletRows&& rows, spool::Haste haste) {
  const spool::Ticket ticket = spool_.AppendQuietly(std::move(rows), haste);
  Hurry(haste == spool::Haste::kNone ? Haste::kWhenDue : Haste::kThisTurn);
  return ticket;
}

void Recorder::Hurry(Haste haste) {
  if (haste_ == Haste::kNone) loop_.AtTurnEnd(*this);
  haste_ = std::max(haste_, haste);
}

void Recorder::OnTurnEnd() {
  if (std::exchange(haste_, Haste::kNone) == Haste::kThisTurn) {
    loop_.timers().Clear(*this);
    spool_.Wake();
  } else if (!deadline()) {
    loop_.timers().Set(*this, loop_.now() + kMayWait);
  }
}

bool Recorder::IsDone(const Waiter& waiter) const {
  return spool_.StandingOf(waiter.until, waiter.wanted, loop_.now()) != spool::Standing::kWaiting;
}

void Recorder::OnProgress() {
  std::erase_if(waiters_, [this](Waiter* waiter) {
    if (!IsDone(*waiter)) return false;
    waiter->listed = false;
    waiter->waiting.Notify();
    return true;
  });
}

http::Task<Kept> Recorder::Await(http::Strand& strand, spool::Ticket ticket, Durability durability) {
  for (;;) {
    switch (spool_.StandingOf(ticket, durability, loop_.now())) {
      case spool::Standing::kDone:
      case spool::Standing::kUnrecorded: strand.ClearDeadline(); co_return Kept::kYes;
      case spool::Standing::kRefused: co_return Kept::kNo;
      case spool::Standing::kWaiting: break;
    }
    const Waiter waiter(*this, strand, ticket, durability);
    strand.SetDeadlineIn(kAskAgain);
    const http::Wake wake = co_await strand.Wait();
    if (wake == http::Wake::kCancelled) co_return Kept::kCancelled;
  }
}

}  // namespace postern::gate
