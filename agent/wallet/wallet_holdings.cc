// What is held: leases, windows that come and go, what there is to be shown.
#include <algorithm>

#include "agent/wallet/wallet.h"

namespace postern::wallet {

using limits::kAlways;
using limits::Unit;
using limits::Window;

namespace {

// Two clocks never agree: a window that begins within this is used as if it had begun.
constexpr std::chrono::seconds kSkew{1};
constexpr std::chrono::seconds kBetweenSweeps{1};

}  // namespace

void Wallet::Heard(WallTime sent, WallTime now, Output& output) {
  if (!is_leased(now)) Lapse(now, output);
  lease_until_ = std::max(lease_until_, sent + options_.lease);
}

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
          return hold.unit == Unit::kConcurrent && (!is_leased(now) || hold.holding->spare() < Amount());
        }))
      found.push_back(exchange);
  std::sort(found.begin(), found.end());
  return found;
}

void Wallet::Shift(WallTime::duration by, WallTime now, Output& output) {
  Lapse(now, output);
  for (Waiting& waiting : waiting_) {
    waiting.deadline += by;
    waiting.repeat_at += by;
  }
  for (auto& [name, account] : accounts_) {
    account.pace.Shift(by);
    account.asked_ahead += by;
    for (const auto& holding : account.holdings) holding->standing_until += by;
  }
  lease_until_ = std::min(lease_until_, now + by);
  next_sweep_ = {};
}

void Wallet::Tick(WallTime now, Output& output) {
  if (!is_leased(now)) Lapse(now, output);
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
  return Balance{holding->window, holding->counters, holding->reserved, holding->left};
}

std::vector<std::pair<std::string, Balance>> Wallet::Balances() const {
  std::vector<std::pair<std::string, Balance>> all;
  for (const auto& [name, account] : accounts_)
    for (const auto& holding : account.holdings)
      all.emplace_back(name, Balance{holding->window, holding->counters, holding->reserved, holding->left});
  return all;
}

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

// The last one that has begun; else one that begins within the clocks' difference. Where the limit has
// another length by now, what is held of the former windows is none of it.
Wallet::Holding* Wallet::Current(const Account& account, WallTime now) {
  Holding* soon = nullptr;
  for (auto at = account.holdings.rbegin(); at != account.holdings.rend(); ++at) {
    const Window& window = (*at)->window;
    if (window.end <= now) continue;
    if (account.span && window != kAlways && !limits::IsOf(*account.span, window)) continue;
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
  const bool has_lapsed = holding.window == kAlways && !is_leased(now);
  return has_lapsed ? std::min(holding.spare(), Amount()) : holding.spare();
}

void Wallet::Record(const Account& account, const Holding& holding, Output& output) {
  output.holdings.push_back({account.name, holding.window, holding.counters});
}

void Wallet::Record(const ExchangeId& exchange, const std::vector<Hold>& holds, Output& output) {
  ReservationRecord& record = output.reservations.emplace_back(ReservationRecord{exchange, {}});
  for (const Hold& hold : holds)
    record.parts.push_back({hold.account->name, hold.holding->window, hold.unit, hold.amount, hold.admitted});
}

}  // namespace postern::wallet
