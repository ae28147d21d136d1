// What happens to a purse: the record gets on, the collector speaks, time passes.
#include <algorithm>
#include <utility>

#include "agent/purse/waiter.h"
#include "shared/base/log.h"
#include "shared/limits/wire_form.h"

namespace postern::purse {
namespace {

constexpr std::chrono::seconds kLookForLost{1};
// The clock may be corrected by so much and goes on; by more it is set.
constexpr std::chrono::seconds kMostDrift{1};

}  // namespace

void Purse::OnProgress() {
  FinishExtensions();
  SayReturns();
}

void Purse::Receive(const wire::Grant& grant) {
  if (grant.incarnation() != incarnation_) return;
  auto answer = limits::FromWire(grant);
  if (!answer || !IsSound(*answer)) {
    LOG_LIMITED(std::chrono::seconds(10), Level::kWarning, "a grant of the collector's was not taken");
    return;
  }
  const WallTime now = Now();
  answer->heard = std::min(answer->heard, now);
  wallet_.Receive(*answer, now, output_);
  if (leaves_) wallet_.GiveBack(output_);
  Act();
}

// Beyond these no sum of theirs can be trusted, neither here nor there.
bool Purse::IsSound(const limits::Answer& answer) {
  constexpr Amount kMost{int64_t{1} << 60};
  return std::all_of(answer.standings.begin(), answer.standings.end(), [&](const limits::Standing& one) {
    const auto is_sound = [&](Amount amount) { return amount >= Amount() && amount <= kMost; };
    return is_sound(one.granted) && is_sound(one.returned) && is_sound(one.used) && one.left <= kMost &&
           one.left >= Amount() - kMost && one.window.begin < one.window.end;
  });
}

void Purse::OnHeard(const Heard& heard) {
  const WallTime before = Now();
  const std::chrono::nanoseconds by = clock_.Take(heard);
  if (by > kMostDrift || by < -kMostDrift) {
    wallet_.Shift(by, before, output_);
    now_ = before + by;
    next_look_ = WallTime::min();
  }
  if (heard.renews) {
    const WallTime now = Now();
    wallet_.Heard(std::min(clock_.At(heard.sent), now), now, output_);
  }
  Act();
}

void Purse::Begin(uint64_t incarnation) {
  if (incarnation == incarnation_) return;
  incarnation_ = incarnation;
  const std::vector<ExchangeId> in_flight = wallet_.InFlight();
  wallet_.Begin(output_);
  output_.Clear();  // the record has erased all rows of the former one
  extensions_.clear();
  returns_.clear();
  lost_ = in_flight;
  for (Waiter* waiter : waiters_) {
    if (waiter->decision) continue;
    waiter->decision = Decision{.verdict = Verdict::kUnavailable};
    waiter->strand.Notify();
  }
  if (!on_loss_) return;
  for (const ExchangeId& exchange : in_flight) on_loss_(exchange, Loss::kIncarnation);
}

void Purse::GiveBack() {
  leaves_ = true;
  wallet_.GiveBack(output_);
  Act();
}

void Purse::EndUncovered() {
  if (now_ < next_look_) return;
  next_look_ = now_ + kLookForLost;
  for (const ExchangeId& exchange : wallet_.Uncovered(now_)) {
    if (std::find(lost_.begin(), lost_.end(), exchange) != lost_.end()) continue;
    lost_.push_back(exchange);
    if (on_loss_) on_loss_(exchange, Loss::kSlot);
  }
}

void Purse::OnDeadline() {
  wallet_.Tick(Now(), output_);
  Act();
  EndUncovered();
  FinishExtensions();
}

}  // namespace postern::purse
