#include "agent/purse/purse.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "agent/purse/waiter.h"
#include "shared/base/check.h"

namespace postern::purse {
namespace {

using limits::Admission;
using limits::Unit;

// What an exchange can cost at most: what a provider reports is not this agent's word, and sums of it must
// not overflow. In dollars nine million.
constexpr Amount kMostSpent{int64_t{1} << 53};

limits::Amounts Bounded(limits::Amounts spent) {
  for (Amount& amount : spent.of) amount = std::clamp(amount, Amount(), kMostSpent);
  return spent;
}

}  // namespace

std::optional<WallTime> Purse::KnownEnd(WallTime end) {
  if (end == WallTime{} || end == limits::kAlways.end) return std::nullopt;
  return end;
}

Purse::Purse(http::Loop& loop, AgentClock& clock, Ports ports, wallet::Options options,
             const spool::WalletRows& rows)
    : loop_(loop),
      clock_(clock),
      ports_(std::move(ports)),
      wallet_(wallet::Wallet::Restore(options, rows.holdings, rows.reservations)),
      incarnation_(rows.incarnation) {
  ArmTimer();
}

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
    parts_.push_back(
        {match.account, unit, (is_strict ? estimate.worst : estimate.likely)[unit], match.limit->span});
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

}  // namespace postern::purse
