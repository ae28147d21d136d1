// What comes of what the wallet has decided: rows first, then decisions, demands and returns.
#include <algorithm>
#include <utility>

#include "agent/purse/waiter.h"
#include "shared/base/check.h"
#include "shared/base/log.h"
#include "shared/limits/wire_form.h"

namespace postern::purse {
namespace {

constexpr std::chrono::milliseconds kTickWhileWaiting{5};
constexpr std::chrono::milliseconds kTickWhileWriting{100};
constexpr std::chrono::seconds kTick{1};

Verdict VerdictOf(wallet::Verdict verdict) {
  switch (verdict) {
    case wallet::Verdict::kAdmitted: return Verdict::kAdmitted;
    case wallet::Verdict::kExhausted: return Verdict::kExhausted;
    case wallet::Verdict::kUnavailable: break;
  }
  return Verdict::kUnavailable;
}

}  // namespace

WallTime Purse::Now() { return now_ = std::max(now_, clock_.At(loop_.now())); }

spool::WalletRows Purse::TakeRows() {
  return {incarnation_, std::exchange(output_.holdings, {}), std::exchange(output_.reservations, {})};
}

void Purse::Act() {
  spool::Ticket ticket{};
  if (!output_.holdings.empty() || !output_.reservations.empty() || !output_.returns.empty()) {
    const spool::Haste haste = !output_.returns.empty()     ? spool::Haste::kSynced
                               : !output_.decisions.empty() ? spool::Haste::kWritten
                                                            : spool::Haste::kNone;
    ticket = ports_.append_rows(TakeRows(), haste);
  }
  ActAfter(ticket);
}

// Rows with that ticket are on their way: what they are for may follow them.
void Purse::ActAfter(spool::Ticket ticket) {
  wallet::Output output = std::exchange(output_, std::move(spare_));
  for (wallet::Decision& decision : output.decisions) Deliver(std::move(decision), ticket);
  if (leaves_) output.demands.clear();
  for (const limits::Demand& demand : output.demands) {
    wire::FromAgent message;
    *message.mutable_demand() = limits::ToWire(demand, incarnation_);
    ports_.say(std::move(message));
  }
  for (limits::Return& back : output.returns) returns_.push_back({std::move(back), ticket});
  output.Clear();
  spare_ = std::move(output);
  SayReturns();
  ArmTimer();
}

void Purse::Deliver(wallet::Decision&& decision, spool::Ticket ticket) {
  if (decision.verdict == wallet::Verdict::kExhausted)
    Log(Level::kDebug, "too little is left",
        {{"account", decision.account},
         {"exchange", decision.exchange.ToString()},
         {"incarnation", incarnation_},
         {"demand", decision.demand},
         {"wanted", decision.wanted.units()},
         {"missing", decision.missing.units()},
         {"left", decision.left.units()}});
  Decision made{VerdictOf(decision.verdict), std::move(decision.account), KnownEnd(decision.resets)};
  if (decision.purpose == wallet::Purpose::kReserve) {
    const auto waiter = std::find_if(waiters_.begin(), waiters_.end(), [&](const Waiter* one) {
      return one->exchange == decision.exchange && !one->decision;
    });
    CHECK(waiter != waiters_.end());
    (*waiter)->decision = std::move(made);
    (*waiter)->strand.Notify();
    return;
  }
  const auto extension = std::find_if(extensions_.begin(), extensions_.end(), [&](const Extension& one) {
    return one.exchange == decision.exchange;
  });
  if (extension == extensions_.end()) return;
  const bool is_written = made.verdict != Verdict::kAdmitted;  // nothing is to be written for it
  extension->decision = std::move(made);
  extension->ticket = ticket;
  if (is_written) loop_.Post([this] { FinishExtensions(); });
}

// One at a time: what a callback does may end the others.
void Purse::FinishExtensions() {
  for (;;) {
    const auto ready = std::find_if(extensions_.begin(), extensions_.end(), [&](const Extension& one) {
      if (!one.decision) return false;
      return one.decision->verdict != Verdict::kAdmitted ||
             ports_.standing(one.ticket, spool::Spool::Wanted::kWritten) != spool::Standing::kWaiting;
    });
    if (ready == extensions_.end()) return;
    Extension extension = std::move(*ready);
    extensions_.erase(ready);
    if (extension.decision->verdict == Verdict::kAdmitted &&
        ports_.standing(extension.ticket, spool::Spool::Wanted::kWritten) == spool::Standing::kRefused)
      extension.decision->verdict = Verdict::kUnrecorded;
    extension.done(*extension.decision);
  }
}

void Purse::SayReturns() {
  while (!returns_.empty()) {
    if (ports_.standing(returns_.front().ticket, spool::Spool::Wanted::kSynced) != spool::Standing::kDone)
      return;
    wire::FromAgent message;
    *message.mutable_returned() = limits::ToWire(returns_.front().back, incarnation_);
    returns_.pop_front();
    ports_.say(std::move(message));
  }
}

void Purse::ArmTimer() {
  const std::chrono::milliseconds tick = wallet_.waits()        ? kTickWhileWaiting
                                         : !extensions_.empty() ? kTickWhileWriting
                                                                : std::chrono::milliseconds(kTick);
  const BootTime due = loop_.now() + tick;
  if (!deadline() || *deadline() > due) loop_.timers().Set(*this, due);
}

}  // namespace postern::purse
