#include "agent/purse/purse.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "shared/base/check.h"
#include "shared/base/log.h"
#include "shared/limits/wire_form.h"

namespace postern::purse {
namespace {

using limits::Admission;
using limits::Unit;

constexpr std::chrono::milliseconds kTickWhileWaiting{5};
constexpr std::chrono::milliseconds kTickWhileWriting{100};
constexpr std::chrono::seconds kTick{1};
// What an exchange can cost at most: what a provider reports is not this agent's word, and sums of it must
// not overflow. In dollars nine million.
constexpr Amount kMostSpent{int64_t{1} << 53};

limits::Amounts Bounded(limits::Amounts spent) {
  for (Amount& amount : spent.of) amount = std::clamp(amount, Amount(), kMostSpent);
  return spent;
}

std::optional<WallTime> KnownEnd(WallTime end) {
  if (end == WallTime{} || end == limits::kAlways.end) return std::nullopt;
  return end;
}

Verdict VerdictOf(wallet::Verdict verdict) {
  switch (verdict) {
    case wallet::Verdict::kAdmitted: return Verdict::kAdmitted;
    case wallet::Verdict::kExhausted: return Verdict::kExhausted;
    case wallet::Verdict::kUnavailable: break;
  }
  return Verdict::kUnavailable;
}

}  // namespace

// On the frame of the coroutine that waits.
struct Purse::Waiter {
  Waiter(Purse& owner, const ExchangeId& id, http::Strand& waits)
      : purse(owner), exchange(id), strand(waits) {
    purse.waiters_.push_back(this);
  }
  Waiter(const Waiter&) = delete;
  // Where nobody has taken the decision, nobody will settle.
  ~Waiter() {
    std::erase(purse.waiters_, this);
    if (!taken) purse.Abandon(exchange);
  }

  Purse& purse;
  const ExchangeId exchange;
  http::Strand& strand;
  std::optional<Decision> decision;
  bool taken = false;
};

Purse::Purse(http::Loop& loop, AgentClock& clock, Ports ports, wallet::Options options,
             const spool::WalletRows& rows)
    : loop_(loop),
      clock_(clock),
      ports_(std::move(ports)),
      wallet_(wallet::Wallet::Restore(options, rows.holdings, rows.reservations)),
      incarnation_(rows.incarnation) {
  ArmTimer();
}

// ---- what the gate asks

http::Task<Decision> Purse::Reserve(http::Strand& strand, ExchangeId exchange,
                                    std::span<const limits::Match> met, const Estimate& estimate) {
  Decision decision;
  if (met.empty()) co_return decision;
  if (!ports_.takes_intents()) {
    decision.verdict = Verdict::kUnrecorded;
    co_return decision;
  }
  Waiter waiter(*this, exchange, strand);
  Request(exchange, met, estimate);
  strand.ClearDeadline();
  while (!waiter.decision && !strand.cancelled()) co_await strand.Wait();
  if (strand.cancelled()) {
    decision.verdict = Verdict::kCancelled;
    co_return decision;
  }
  waiter.taken = true;
  decision = *std::move(waiter.decision);
  co_return decision;
}

void Purse::Request(const ExchangeId& exchange, std::span<const limits::Match> met,
                    const Estimate& estimate) {
  parts_.clear();
  for (const limits::Match& match : met) {
    const bool is_strict = match.limit->admission == Admission::kStrict;
    const Unit unit = match.limit->unit;
    parts_.push_back({match.account, unit, (is_strict ? estimate.worst : estimate.likely)[unit]});
  }
  CHECK(wallet_.Reserve(exchange, parts_, Now(), output_).has_value());
  Act();
}

Status Purse::Extend(const ExchangeId& exchange, const limits::Amounts& in_all, Done done) {
  if (!wallet_.IsInFlight(exchange)) return Error{ErrorCode::kNotFound, "nothing is reserved for it"};
  const bool waits = std::any_of(extensions_.begin(), extensions_.end(),
                                 [&](const Extension& one) { return one.exchange == exchange; });
  if (waits) return Error{ErrorCode::kInvalid, "an extension of this exchange waits already"};
  extensions_.push_back({exchange, std::move(done), std::nullopt, {}});
  CHECK(wallet_.Extend(exchange, in_all, Now(), output_).has_value());
  Act();
  return Ok{};
}

Result<spool::Ticket> Purse::Settle(const ExchangeId& exchange, const limits::Amounts& spent,
                                    wire::Event&& outcome) {
  Forget(exchange);
  if (!wallet_.IsInFlight(exchange)) return ports_.append(std::move(outcome), {incarnation_, {}, {}});
  CHECK(wallet_.Settle(exchange, Bounded(spent), Now(), output_).has_value());
  spool::FillCharges(output_.charges, *outcome.mutable_outcome());
  auto ticket = ports_.append(std::move(outcome), TakeRows());
  if (!ticket) {
    // The record is closed: this life is over, and what isn't written can't be said.
    output_.returns.clear();
    ActAfter(spool::Ticket{});
    return ticket;
  }
  // Somebody waits at the collector for what was freed.
  ActAfter(output_.returns.empty() ? *ticket
                                   : ports_.append_rows({incarnation_, {}, {}}, spool::Haste::kSynced));
  return ticket;
}

void Purse::Abandon(const ExchangeId& exchange) {
  Forget(exchange);
  wallet_.Abandon(exchange);
  if (!wallet_.IsInFlight(exchange)) return;
  CHECK(wallet_.Settle(exchange, limits::Amounts(), Now(), output_).has_value());
  Act();
}

void Purse::Forget(const ExchangeId& exchange) {
  std::erase_if(extensions_, [&](const Extension& one) { return one.exchange == exchange; });
  std::erase(lost_, exchange);
}

std::optional<Fullness> Purse::Fullest(std::span<const limits::Match> met) {
  std::optional<Fullness> fullest;
  const WallTime now = Now();
  for (const limits::Match& match : met) {
    const Amount amount = match.limit->AmountAt(now);
    if (match.limit->unit == Unit::kConcurrent || amount <= Amount()) continue;
    const auto balance = wallet_.Find(match.account, now);
    if (!balance || !balance->left) continue;
    const limits::Counters& counters = balance->counters;
    const Amount here = counters.granted - counters.returned - counters.used;
    const Amount available = std::clamp(*balance->left + here, Amount(), amount);
    // In a wider type: amounts are large.
    const auto gone = static_cast<__int128>((amount - available).units());
    const auto permille = static_cast<int64_t>(gone * 1000 / amount.units());
    if (fullest && fullest->permille >= permille) continue;
    fullest = Fullness{match.limit, match.account, permille, KnownEnd(balance->window.end)};
  }
  return fullest;
}

std::vector<Balance> Purse::Balances() const {
  std::vector<Balance> all;
  for (auto& [account, one] : wallet_.Balances()) {
    const limits::Counters& counters = one.counters;
    const Amount spare = counters.granted - counters.returned - counters.used - one.reserved;
    all.push_back({account, one.window, counters, one.reserved, std::max(spare, Amount()), one.left});
  }
  std::sort(all.begin(), all.end(), [](const Balance& one, const Balance& other) {
    return std::tie(one.account, one.window) < std::tie(other.account, other.window);
  });
  return all;
}

// ---- what happens to it

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
  if (heard.renews) wallet_.Heard(std::min(clock_.At(heard.sent), Now()));
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
  wallet_.GiveBack(output_);
  Act();
}

// ---- what comes of it

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

void Purse::EndUncovered() {
  if (now_ < next_look_) return;
  next_look_ = now_ + kTick;
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

void Purse::ArmTimer() {
  const std::chrono::milliseconds tick = wallet_.waits()        ? kTickWhileWaiting
                                         : !extensions_.empty() ? kTickWhileWriting
                                                                : std::chrono::milliseconds(kTick);
  const BootTime due = loop_.now() + tick;
  if (!deadline() || *deadline() > due) loop_.timers().Set(*this, due);
}

}  // namespace postern::purse
