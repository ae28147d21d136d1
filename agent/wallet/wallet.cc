#include "agent/wallet/wallet.h"

#include <algorithm>

namespace postern::wallet {

using limits::Amounts;
using limits::Answer;
using limits::kAlways;
using limits::Unit;
using limits::Window;

namespace {

// Two clocks never agree: a window that begins within this is used as if it had begun.
constexpr std::chrono::seconds kSkew{1};
constexpr std::chrono::seconds kBetweenSweeps{1};

bool GrowsWithTheAnswer(Unit unit) { return unit == Unit::kUsd || unit == Unit::kTokens; }

}  // namespace

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
      holds.push_back({&account, &holding, part.unit, part.amount});
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
  for (const Part& part : parts) AccountOf(part.account).pace.Add(part.amount, now);
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
    scratch_.push_back({&account, holding, part.unit, part.amount});
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
    output.charges.push_back({hold.account->name, hold.holding->window, amount, hold.amount, used});
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

void Wallet::Receive(const Answer& answer, WallTime now, Output& output) {
  Heard(answer.heard);
  for (const limits::Standing& standing : answer.standings) Merge(standing, now, output);
  switch (answer.word) {
    case limits::Word::kGranted: Granted(answer, now, output); break;
    case limits::Word::kDenied: Denied(answer, now, output); break;
    case limits::Word::kRecall: Recalled(answer, now, output); break;
  }
}

void Wallet::Merge(const limits::Standing& standing, WallTime now, Output& output) {
  Account& account = AccountOf(standing.account);
  Holding* holding = HoldingOf(account, standing.window);
  if (holding == nullptr) {
    if (standing.window.end <= now) return;  // nothing can be admitted in it any more
    holding = &Open(account, standing.window);
  }
  const limits::Counters before = holding->counters;
  holding->counters.Merge({standing.granted, standing.used, standing.returned});
  if (holding->counters != before) Record(account, *holding, output);
}

void Wallet::Granted(const Answer& answer, WallTime now, Output& output) {
  TryAllWaiting(now, output);
  // Others of this agent may have been quicker.
  for (Waiting& waiting : waiting_)
    if (waiting.number == answer.number) Ask(waiting, now, output);
}

void Wallet::Denied(const Answer& answer, WallTime now, Output& output) {
  TryAllWaiting(now, output);
  const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                  [&](const Waiting& waiting) { return waiting.number == answer.number; });
  if (found == waiting_.end()) return;
  // What has become free here since the demand, with what is left there, may suffice by now. Of other
  // accounts nothing was proven.
  const Amount missing = MissingOf(*found, answer.lacking, now);
  const auto standing =
      std::find_if(answer.standings.begin(), answer.standings.end(),
                   [&](const limits::Standing& one) { return one.account == answer.lacking; });
  if (standing == answer.standings.end() || missing <= standing->left) {
    Ask(*found, now, output);
    return;
  }
  const Waiting waiting = std::move(*found);
  waiting_.erase(found);
  Refuse(waiting, Verdict::kExhausted, answer.lacking, now, output);
}

// Of that account, beyond the spare.
Amount Wallet::MissingOf(const Waiting& waiting, std::string_view account, WallTime now) {
  for (const limits::Claim& claim : ClaimsOf(waiting, now))
    if (claim.account == account) return std::max(claim.amount - claim.spare, Amount());
  return Amount();
}

void Wallet::Recalled(const Answer& answer, WallTime now, Output& output) {
  TryAllWaiting(now, output);  // a grant may have come with it
  limits::Return back{.recall = answer.number, .held = {}};
  for (const limits::Standing& standing : answer.standings) {
    Account& account = AccountOf(standing.account);
    Holding* holding = HoldingOf(account, standing.window);
    if (holding == nullptr) {
      back.held.push_back({standing.account, standing.window, {}});
      continue;
    }
    holding->standing_until = now + options_.standing;
    if (!GiveBack(account, *holding, back, output))
      back.held.push_back({account.name, holding->window, holding->counters});
  }
  output.returns.push_back(std::move(back));
}

bool Wallet::GiveBack(const Account& account, Holding& holding, limits::Return& back, Output& output) {
  if (holding.spare() <= Amount()) return false;
  holding.counters.returned += holding.spare();
  Record(account, holding, output);
  back.held.push_back({account.name, holding.window, holding.counters});
  return true;
}

void Wallet::GiveBack(Output& output) {
  limits::Return back;
  for (auto& [name, account] : accounts_)
    for (const auto& holding : account.holdings) GiveBack(account, *holding, back, output);
  if (!back.held.empty()) output.returns.push_back(std::move(back));
}

void Wallet::Heard(WallTime sent) { lease_until_ = std::max(lease_until_, sent + options_.lease); }

void Wallet::Lapse(WallTime now, Output& output) {
  lease_until_ = std::min(lease_until_, now);
  limits::Return back;
  for (auto& [name, account] : accounts_) {
    Holding* holding = HoldingOf(account, kAlways);
    if (holding == nullptr || holding->counters.returned >= holding->counters.granted) continue;
    holding->counters.returned = holding->counters.granted;
    Record(account, *holding, output);
    back.held.push_back({name, kAlways, holding->counters});
  }
  if (!back.held.empty()) output.returns.push_back(std::move(back));
}

std::vector<ExchangeId> Wallet::Uncovered(WallTime now) const {
  std::vector<ExchangeId> found;
  for (const auto& [exchange, holds] : exchanges_)
    if (std::any_of(holds.begin(), holds.end(), [&](const Hold& hold) {
          return hold.unit == Unit::kConcurrent && (now >= lease_until_ || hold.holding->spare() < Amount());
        }))
      found.push_back(exchange);
  std::sort(found.begin(), found.end());
  return found;
}

void Wallet::Tick(WallTime now, Output& output) {
  if (now >= lease_until_) Lapse(now, output);
  std::vector<Waiting> late;
  for (Waiting& waiting : waiting_) {
    if (now >= waiting.deadline) {
      late.push_back(waiting);
    } else if (now >= waiting.repeat_at) {
      SendDemand(waiting, now, output);
    }
  }
  for (const Waiting& waiting : late) {
    Abandon(waiting.exchange);
    Refuse(waiting, Verdict::kUnavailable, "", now, output);
  }
  if (now >= next_sweep_) Sweep(now, output);
}

void Wallet::Sweep(WallTime now, Output& output) {
  next_sweep_ = now + kBetweenSweeps;
  for (auto at = accounts_.begin(); at != accounts_.end();) {
    Account& account = at->second;
    AskForNext(account, now, output);
    std::erase_if(account.holdings, [&](const std::unique_ptr<Holding>& holding) {
      if (holding->holds > 0 || holding->window == kAlways ||
          holding->window.end + options_.keep_closed > now)
        return false;
      output.holdings.push_back({account.name, holding->window, {}, true});
      return true;
    });
    const bool is_idle = account.holdings.empty() && account.pace.Likely(now) == Amount();
    at = is_idle ? accounts_.erase(at) : std::next(at);
  }
}

void Wallet::Refuse(const Waiting& waiting, Verdict verdict, std::string_view account, WallTime now,
                    Output& output) {
  Decision decision{.exchange = waiting.exchange, .purpose = waiting.purpose, .verdict = verdict};
  if (!account.empty()) {
    decision.account = account;
    const Holding* holding = Current(AccountOf(account), now);
    if (holding != nullptr) decision.resets = holding->window.end;
  }
  output.decisions.push_back(std::move(decision));
}

void Wallet::Begin(Output& output) {
  for (const auto& [name, account] : accounts_)
    for (const auto& holding : account.holdings) output.holdings.push_back({name, holding->window, {}, true});
  for (const auto& [exchange, holds] : exchanges_) output.reservations.push_back({exchange, {}});
  accounts_.clear();
  exchanges_.clear();
  waiting_.clear();
  lease_until_ = {};
}

limits::Return Wallet::Report() const {
  limits::Return all;
  for (const auto& [name, account] : accounts_)
    for (const auto& holding : account.holdings)
      all.held.push_back({name, holding->window, holding->counters});
  return all;
}

std::optional<Balance> Wallet::Find(std::string_view account, WallTime now) const {
  const auto found = accounts_.find(account);
  if (found == accounts_.end()) return std::nullopt;
  const Holding* holding = Current(found->second, now);
  if (holding == nullptr) return std::nullopt;
  return Balance{holding->window, holding->counters, holding->reserved};
}

std::vector<std::pair<std::string, Balance>> Wallet::Balances() const {
  std::vector<std::pair<std::string, Balance>> all;
  for (const auto& [name, account] : accounts_)
    for (const auto& holding : account.holdings)
      all.emplace_back(name, Balance{holding->window, holding->counters, holding->reserved});
  return all;
}

// ---- asking

void Wallet::Ask(Waiting& waiting, WallTime now, Output& output) {
  waiting.number = ++next_number_;
  SendDemand(waiting, now, output);
}

void Wallet::SendDemand(Waiting& waiting, WallTime now, Output& output) {
  waiting.repeat_at = now + options_.repeat;
  limits::Demand& demand = output.demands.emplace_back();
  demand = {waiting.number, now, ClaimsOf(waiting, now)};
  // What is spare is for those who came before: of the last ones of them that suffices.
  constexpr ptrdiff_t kMostBefore = 64;
  const auto own = std::find_if(waiting_.begin(), waiting_.end(),
                                [&](const Waiting& other) { return other.exchange == waiting.exchange; });
  for (auto other = own - std::min(own - waiting_.begin(), kMostBefore); other != own; ++other)
    for (const limits::Claim& before : ClaimsOf(*other, now))
      for (limits::Claim& claim : demand.claims)
        if (claim.account == before.account && claim.window == before.window) claim.spare -= before.amount;
}

std::vector<limits::Claim> Wallet::ClaimsOf(const Waiting& waiting, WallTime now) {
  std::vector<limits::Claim> claims;
  if (waiting.purpose == Purpose::kReserve) {
    for (const OwnPart& part : waiting.parts) {
      Account& account = AccountOf(part.account);
      claims.push_back(ClaimOf(account, Current(account, now), part.amount, now));
      if (part.unit == Unit::kConcurrent) claims.back().ahead = Amount();
    }
    return claims;
  }
  const auto found = exchanges_.find(waiting.exchange);
  CHECK(found != exchanges_.end());
  for (const Hold& hold : found->second)
    if (GrowsWithTheAnswer(hold.unit) && waiting.in_all[hold.unit] > hold.amount)
      claims.push_back(ClaimOf(*hold.account, hold.holding, waiting.in_all[hold.unit] - hold.amount, now));
  return claims;
}

limits::Claim Wallet::ClaimOf(Account& account, const Holding* holding, Amount amount, WallTime now) {
  limits::Claim claim{.account = account.name, .amount = amount, .ahead = account.pace.Likely(now)};
  if (holding == nullptr) return claim;
  claim.window = holding->window;
  claim.spare = Spare(*holding, now);
  claim.granted = holding->counters.granted;
  claim.returned = holding->counters.returned;
  return claim;
}

void Wallet::AskAhead(Account& account, WallTime now, Output& output) {
  if (now < account.asked_ahead + options_.between_asking) return;
  const Holding* holding = Current(account, now);
  if (holding == nullptr || holding->standing_until > now) return;
  const Amount likely = account.pace.Likely(now);
  const Amount spare = holding->spare();
  if (spare.units() >= likely.units() / 2) return;
  account.asked_ahead = now;
  output.demands.push_back({++next_number_, now, {ClaimOf(account, holding, Amount(), now)}});
}

// Shortly before a window's end something of the next one is asked for, so that its beginning needs no
// answer.
void Wallet::AskForNext(Account& account, WallTime now, Output& output) {
  const Holding* holding = Current(account, now);
  if (holding == nullptr || holding->window == kAlways) return;
  const Window& window = holding->window;
  const auto lead = std::min<WallTime::duration>((window.end - window.begin) / 6, std::chrono::minutes(5));
  if (now < window.end - lead || now < account.asked_ahead + lead / 4) return;
  const bool has_next = std::any_of(account.holdings.begin(), account.holdings.end(),
                                    [&](const auto& one) { return one->window.begin >= window.end; });
  const Amount likely = account.pace.Likely(now);
  if (has_next || likely == Amount()) return;
  account.asked_ahead = now;
  limits::Claim claim{.account = account.name, .ahead = likely};
  output.demands.push_back({++next_number_, window.end, {std::move(claim)}});
}

// ---- holdings

Wallet::Account& Wallet::AccountOf(std::string_view name) {
  const auto found = accounts_.find(name);
  if (found != accounts_.end()) return found->second;
  Account& account = accounts_[std::string(name)];
  account.name = name;
  return account;
}

Wallet::Holding* Wallet::HoldingOf(const Account& account, const Window& window) {
  for (const auto& holding : account.holdings)
    if (holding->window == window) return holding.get();
  return nullptr;
}

// The last one that has begun; else one that begins within the clocks' difference.
Wallet::Holding* Wallet::Current(const Account& account, WallTime now) {
  Holding* soon = nullptr;
  for (auto at = account.holdings.rbegin(); at != account.holdings.rend(); ++at) {
    const Window& window = (*at)->window;
    if (window.end <= now) continue;
    if (window.begin <= now) return at->get();
    if (window.begin <= now + kSkew) soon = at->get();
  }
  return soon;
}

Wallet::Holding& Wallet::Open(Account& account, const Window& window) {
  if (Holding* holding = HoldingOf(account, window)) return *holding;
  const auto after = std::find_if(account.holdings.begin(), account.holdings.end(),
                                  [&](const std::unique_ptr<Holding>& one) { return one->window > window; });
  Holding& holding = **account.holdings.insert(after, std::make_unique<Holding>());
  holding.window = window;
  return holding;
}

Amount Wallet::Spare(const Holding& holding, WallTime now) const {
  const bool has_lapsed = holding.window == kAlways && now >= lease_until_;
  return has_lapsed ? std::min(holding.spare(), Amount()) : holding.spare();
}

void Wallet::Record(const Account& account, const Holding& holding, Output& output) {
  output.holdings.push_back({account.name, holding.window, holding.counters});
}

void Wallet::Record(const ExchangeId& exchange, const std::vector<Hold>& holds, Output& output) {
  ReservationRecord& record = output.reservations.emplace_back(ReservationRecord{exchange, {}});
  for (const Hold& hold : holds)
    record.parts.push_back({hold.account->name, hold.holding->window, hold.unit, hold.amount});
}

}  // namespace postern::wallet
