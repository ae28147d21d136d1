#include "agent/wallet/wallet.h"

#include <algorithm>

namespace postern::wallet {

using limits::Amounts;
using limits::Unit;

Wallet Wallet::Restore(Options options, std::span<const HoldingRecord> holdings,
                       std::span<const ReservationRecord> reservations) {
  Wallet wallet(options);
  for (const HoldingRecord& record : holdings)
    wallet.Open(wallet.AccountOf(record.account), record.window).counters = record.counters;
  for (const ReservationRecord& record : reservations) {
    std::vector<Hold>& holds = wallet.exchanges_[record.exchange];
    for (const ReservedPart& part : record.parts) {
      Account& account = wallet.AccountOf(part.account);
      Holding& holding = wallet.Open(account, part.window);
      holding.reserved += part.amount;
      ++holding.holds;
      holds.push_back({&account, &holding, part.unit, part.amount, part.admitted});
    }
  }
  return wallet;
}

std::vector<ExchangeId> Wallet::InFlight() const {
  std::vector<ExchangeId> found;
  for (const auto& [exchange, holds] : exchanges_) found.push_back(exchange);
  std::sort(found.begin(), found.end());
  return found;
}

Status Wallet::Reserve(const ExchangeId& exchange, std::span<const Part> parts, WallTime now,
                       Output& output) {
  for (const Part& part : parts)
    if (part.amount < Amount()) return Error{ErrorCode::kInvalid, "an estimate is negative"};
  const bool waits = std::any_of(waiting_.begin(), waiting_.end(),
                                 [&](const Waiting& waiting) { return waiting.exchange == exchange; });
  if (waits || exchanges_.contains(exchange))
    return Error{ErrorCode::kInvalid, "the exchange has reserved before"};
  for (const Part& part : parts) {
    Account& account = AccountOf(part.account);
    account.span = part.span;
    account.pace.Add(part.amount, now);
  }
  if (TryReserve(exchange, parts, now, output)) return Ok{};
  Waiting waiting{.exchange = exchange, .deadline = now + options_.patience};
  for (const Part& part : parts) waiting.parts.push_back({std::string(part.account), part.unit, part.amount});
  Ask(waiting, now, output);
  waiting_.push_back(std::move(waiting));
  return Ok{};
}

bool Wallet::TryReserve(const ExchangeId& exchange, std::span<const Part> parts, WallTime now,
                        Output& output) {
  scratch_.clear();
  for (const Part& part : parts) {
    Account& account = AccountOf(part.account);
    Holding* holding = Current(account, now);
    if (holding == nullptr || Spare(*holding, now) < part.amount) return false;
    scratch_.push_back({&account, holding, part.unit, part.amount, part.amount});
  }
  for (const Hold& hold : scratch_) {
    hold.holding->reserved += hold.amount;
    ++hold.holding->holds;
  }
  const std::vector<Hold>& holds = exchanges_[exchange] = scratch_;
  Record(exchange, holds, output);
  output.decisions.push_back({.exchange = exchange});
  for (const Hold& hold : holds)
    if (GrowsWithTheAnswer(hold.unit) || hold.unit == Unit::kRequests) AskAhead(*hold.account, now, output);
  return true;
}

Status Wallet::Extend(const ExchangeId& exchange, const Amounts& in_all, WallTime now, Output& output) {
  const auto found = exchanges_.find(exchange);
  if (found == exchanges_.end()) return Error{ErrorCode::kNotFound, "no such exchange is in flight"};
  Waiting waiting{.exchange = exchange, .purpose = Purpose::kExtend, .deadline = now + options_.patience};
  waiting.in_all = in_all;
  for (const Hold& hold : found->second)
    if (GrowsWithTheAnswer(hold.unit) && in_all[hold.unit] > hold.amount)
      hold.account->pace.Add(in_all[hold.unit] - hold.amount, now);
  Abandon(exchange);  // an extension that still waits is part of this one
  if (TryWaiting(waiting, now, output)) return Ok{};
  Ask(waiting, now, output);
  waiting_.push_back(std::move(waiting));
  return Ok{};
}

bool Wallet::TryExtend(std::vector<Hold>& holds, const Amounts& in_all, WallTime now) const {
  const auto more = [&](const Hold& hold) {
    return GrowsWithTheAnswer(hold.unit) ? std::max(in_all[hold.unit] - hold.amount, Amount()) : Amount();
  };
  for (const Hold& hold : holds)
    if (more(hold) > Amount() && Spare(*hold.holding, now) < more(hold)) return false;
  for (Hold& hold : holds) {
    const Amount extension = more(hold);
    hold.holding->reserved += extension;
    hold.amount += extension;
  }
  return true;
}

bool Wallet::TryWaiting(const Waiting& waiting, WallTime now, Output& output) {
  if (waiting.purpose == Purpose::kExtend) {
    const auto found = exchanges_.find(waiting.exchange);
    CHECK(found != exchanges_.end());
    if (!TryExtend(found->second, waiting.in_all, now)) return false;
    Record(waiting.exchange, found->second, output);
    output.decisions.push_back({.exchange = waiting.exchange, .purpose = Purpose::kExtend});
    return true;
  }
  std::vector<Part> parts;
  for (const OwnPart& part : waiting.parts) parts.push_back({part.account, part.unit, part.amount});
  return TryReserve(waiting.exchange, parts, now, output);
}

void Wallet::TryAllWaiting(WallTime now, Output& output) {
  if (waiting_.empty()) return;
  std::vector<Waiting> all = std::move(waiting_);
  waiting_.clear();
  for (Waiting& waiting : all)
    if (!TryWaiting(waiting, now, output)) waiting_.push_back(std::move(waiting));
}

Status Wallet::Settle(const ExchangeId& exchange, const Amounts& spent, WallTime now, Output& output) {
  for (const Amount amount : spent.of)
    if (amount < Amount()) return Error{ErrorCode::kInvalid, "an exchange can't have cost less than nothing"};
  return SettleAt(exchange, &spent, now, output);
}

Status Wallet::SettleAsReserved(const ExchangeId& exchange, WallTime now, Output& output) {
  return SettleAt(exchange, nullptr, now, output);
}

// `spent` is null: what was reserved.
Status Wallet::SettleAt(const ExchangeId& exchange, const Amounts* spent, WallTime now, Output& output) {
  const auto found = exchanges_.find(exchange);
  if (found == exchanges_.end()) return Error{ErrorCode::kNotFound, "no such exchange is in flight"};
  Abandon(exchange);
  const std::vector<Hold> holds = std::move(found->second);
  exchanges_.erase(found);
  for (const Hold& hold : holds) {
    if (hold.unit == Unit::kConcurrent) continue;  // a slot is leased, not spent
    const Amount amount = spent != nullptr ? (*spent)[hold.unit] : hold.amount;
    if (amount == Amount()) continue;
    Amount& used = hold.holding->counters.used;
    used += amount;
    output.charges.push_back(
        {hold.account->name, hold.holding->window, amount, hold.amount, used, hold.admitted});
  }
  output.reservations.push_back({exchange, {}});
  Free(holds, now, output);
  return Ok{};
}

void Wallet::Free(const std::vector<Hold>& holds, WallTime now, Output& output) {
  for (const Hold& hold : holds) {
    hold.holding->reserved -= hold.amount;
    --hold.holding->holds;
  }
  TryAllWaiting(now, output);
  limits::Return back;
  for (const Hold& hold : holds) {
    const bool recalled = hold.holding->standing_until > now;
    if (!recalled || !GiveBack(*hold.account, *hold.holding, back, output))
      Record(*hold.account, *hold.holding, output);
  }
  if (!back.held.empty()) output.returns.push_back(std::move(back));
}

void Wallet::Abandon(const ExchangeId& exchange) {
  std::erase_if(waiting_, [&](const Waiting& waiting) { return waiting.exchange == exchange; });
}

}  // namespace postern::wallet
