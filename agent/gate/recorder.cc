#include "agent/gate/recorder.h"

#include <algorithm>

namespace postern::gate {
namespace {

// How long a wait may go without progress before it asks whether the disk has stalled.
constexpr std::chrono::milliseconds kAskAgain{500};

}  // namespace

void Recorder::OnProgress() {
  for (const Waiter& waiter : waiters_) {
    if (spool_.StandingOf(waiter.ticket, waiter.durability, loop_.now()) != spool::Standing::kWaiting) {
      waiter.strand->Notify();
    }
  }
}

http::Task<Kept> Recorder::Await(http::Strand& strand, spool::Ticket ticket, Durability durability) {
  for (;;) {
    switch (spool_.StandingOf(ticket, durability, loop_.now())) {
      case spool::Standing::kDone:
      case spool::Standing::kUnrecorded: strand.ClearDeadline(); co_return Kept::kYes;
      case spool::Standing::kRefused: co_return Kept::kNo;
      case spool::Standing::kWaiting: break;
    }
    waiters_.push_back({&strand, ticket, durability});
    strand.SetDeadlineIn(kAskAgain);
    const http::Wake wake = co_await strand.Wait();
    std::erase_if(waiters_, [&](const Waiter& other) { return other.strand == &strand; });
    if (wake == http::Wake::kCancelled) co_return Kept::kCancelled;
  }
}

}  // namespace postern::gate
