#include "collector/ledger/ledger.h"

#include <algorithm>

namespace postern::ledger {

using limits::Counters;
using limits::Limit;
using limits::Window;

Ledger::Ledger(Options options, Limits limits)
    : options_(options), limits_(std::move(limits)), raise_ends_(NextEndOfARaise(WallTime::min())) {}

Ledger Ledger::Restore(Options options, Limits limits, std::span<const PoolRecord> pools,
                       std::span<const HoldingRecord> holdings, WallTime recovered, WallTime now) {
  Ledger ledger(options, std::move(limits));
  ledger.recovered_ = recovered;
  // An answer to a former life's recall answers none of this one: rounds are numbered by the clock.
  ledger.last_round_ = static_cast<uint64_t>(
      std::max<int64_t>(std::chrono::floor<std::chrono::microseconds>(now).time_since_epoch().count(), 0));
  const auto pool_at = [&](const std::string& account, const Window& window) -> Pool& {
    auto& pool = ledger.accounts_[account][window];
    if (!pool) pool = std::make_unique<Pool>(account, window);
    return *pool;
  };
  for (const PoolRecord& record : pools) {
    Pool& pool = pool_at(record.account, record.window);
    pool.forgiven = record.forgiven;
    pool.unreported = record.unreported;
  }
  for (const HoldingRecord& record : holdings) {
    const uint32_t index = ledger.IndexOf(record.holder);
    ledger.agents_[index].last_heard = now;
    Pool& pool = pool_at(record.account, record.window);
    Holding& holding = pool.At(index);
    pool.Set(holding, record.counters);
    holding.overspent = record.overspent;
    holding.granted_before = ledger.last_round_;
  }
  return ledger;
}

uint32_t Ledger::IndexOf(const Holder& holder) {
  const auto [at, is_new] = index_.emplace(holder, static_cast<uint32_t>(agents_.size()));
  if (is_new) agents_.push_back({holder, {}, {}, false});
  return at->second;
}

uint32_t Ledger::Hear(const Holder& holder, WallTime at, WallTime now) {
  const uint32_t index = IndexOf(holder);
  Agent& agent = agents_[index];
  agent.last_heard = std::max(agent.last_heard, now);
  agent.heard = std::max(agent.heard, std::min(at, now + options_.skew));
  agent.is_silent = false;
  return index;
}

void Ledger::Heard(const Holder& holder, WallTime at, WallTime now) { Hear(holder, at, now); }

Pool& Ledger::Open(const std::string& account, const Window& window, WallTime now, Output& output) {
  std::unique_ptr<Pool>& pool = accounts_[account][window];
  if (!pool) {
    pool = std::make_unique<Pool>(account, window);
    pool->unreported = UnreportedOf(account, window, now);
    Record(*pool, output);
  }
  return *pool;
}

// Of a window that a lost collector may have granted from: all of it.
Amount Ledger::UnreportedOf(const std::string& account, const Window& window, WallTime now) const {
  if (recovered_ == WallTime::min()) return Amount();
  const Limit* limit = limits_->Find(limits::LimitOf(account));
  if (limit == nullptr) return Amount();
  const bool is_lease = window == limits::kAlways;
  if (is_lease) return now < recovered_ + options_.lease ? limit->AmountAt(now) : Amount();
  // The next one may have been granted ahead, shortly before it began.
  const auto lead = std::min<WallTime::duration>(window.end - window.begin, options_.lead + options_.skew);
  const bool may_be = window.begin <= recovered_ + lead;
  return may_be ? limit->AmountAt(now) : Amount();
}

Amount Ledger::LimitOf(const Pool& pool, WallTime now) const {
  const Limit* limit = limits_->Find(limits::LimitOf(pool.account()));
  return limit == nullptr ? kMost
                          : std::min(limit->AmountAt(now), kMost);  // a limit that is gone limits nothing
}

void Ledger::SetLimits(Limits limits, WallTime now, Output& output) {
  limits_ = std::move(limits);
  CallBackWhatIsTooMuch(now, output);
  Work(now, output);
}

WallTime Ledger::NextEndOfARaise(WallTime now) const {
  WallTime next = WallTime::max();
  for (const Limit& limit : limits_->limits())
    if (limit.raise && limit.raise->until > now) next = std::min(next, limit.raise->until);
  return next;
}

// Where a limit was lowered, or is no longer raised, what lies idle isn't to be spent either.
void Ledger::CallBackWhatIsTooMuch(WallTime now, Output& output) {
  raise_ends_ = NextEndOfARaise(now);
  for (auto& [account, pools] : accounts_)
    for (auto& [window, pool] : pools)
      if (window.Contains(now) && LeftOf(*pool, now) < Amount() && !pool->round.is_open)
        StartRound(*pool, now, output);
}

void Ledger::Apply(const Holder& holder, std::span<const limits::Charge> charges, WallTime now,
                   Output& output) {
  const uint32_t index = IndexOf(holder);
  for (const limits::Charge& charge : charges) {
    if (!IsSound(charge.amount) || !IsSound(charge.reserved) || !IsSound(charge.used) ||
        charge.used < charge.amount) {
      output.alarms.push_back({Trouble::kUnsound, holder, charge.account, "an absurd charge was not taken"});
      continue;
    }
    Pool& pool = Open(charge.account, charge.window, now, output);
    Holding& holding = pool.At(index);
    Counters counters = holding.counters;
    counters.used = std::max(counters.used, charge.used);
    if (pool.held() > kMost) {
      output.alarms.push_back({Trouble::kUnsound, holder, charge.account, "an absurd sum was not taken"});
      continue;
    }
    holding.overspent =
        Amount::SaturatingAdd(holding.overspent, std::max(charge.amount - charge.reserved, Amount()));
    pool.Set(holding, counters);
    Record(pool, index, holding, output);
    if (counters.used - holding.overspent > counters.granted - counters.returned)
      output.alarms.push_back({Trouble::kBeyond, holder, charge.account,
                               "an agent has spent more than it was granted; it is counted"});
  }
}

void Ledger::Resend(const Holder& holder, const limits::Return& report, WallTime now, Output& output) const {
  if (is_halted_) return;
  const auto found = index_.find(holder);
  limits::Answer answer;
  if (found != index_.end()) {
    answer.heard = agents_[found->second].heard;
    for (const auto& [account, pools] : accounts_)
      for (const auto& [window, pool] : pools)
        if (window.end > now && pool->Find(found->second) != nullptr)
          answer.standings.push_back(StandingOf(*pool, found->second, now));
  }
  for (const limits::Held& held : report.held)
    if (held.window == limits::kAlways && IsSound(held.counters.granted) &&
        held.counters.granted > held.counters.returned && !Knows(holder, held.account, held.window))
      answer.standings.push_back(GivenBack(held.account, held.counters.granted));
  if (!answer.standings.empty()) output.messages.push_back({holder, std::move(answer)});
}

// All of the slots that it was ever granted.
limits::Standing Ledger::GivenBack(const std::string& account, Amount granted) {
  return {account, limits::kAlways, granted, granted, Amount(), Amount()};
}

bool Ledger::IsOlder(const Holder& holder, const limits::Return& report, WallTime now) const {
  const auto found = index_.find(holder);
  if (found == index_.end()) return false;
  for (const auto& [account, pools] : accounts_)
    for (const auto& [window, pool] : pools) {
      const Holding* holding = pool->Find(found->second);
      if (holding == nullptr || window == limits::kAlways || window.end <= now) continue;
      const auto held = std::find_if(report.held.begin(), report.held.end(), [&](const limits::Held& one) {
        return one.account == account && one.window == window;
      });
      const Counters has = held == report.held.end() ? Counters() : held->counters;
      if (has.returned < holding->counters.returned || has.used < holding->counters.used) return true;
    }
  return false;
}

bool Ledger::IsBeyond(const Holder& holder, const std::string& account, const Window& window, Amount granted,
                      WallTime now) const {
  if (granted <= Amount() || IsForgotten(window, now)) return false;
  if (!Knows(holder, account, window)) return window != limits::kAlways;
  const Pool& pool = *accounts_.find(account)->second.at(window);
  return granted > pool.Find(index_.at(holder))->counters.granted;
}

void Ledger::Forfeit(std::string_view agent, WallTime now, Output& output) {
  for (auto& [account, pools] : accounts_)
    for (auto& [window, pool] : pools)
      for (auto& [index, holding] : pool->holdings()) {
        if (agents_[index].holder.agent != agent) continue;
        Counters counters = holding.counters;
        counters.returned = std::max(counters.returned, counters.granted - counters.used);
        if (counters == holding.counters) continue;
        pool->Set(holding, counters);
        Record(*pool, index, holding, output);
      }
  Work(now, output);
}

void Ledger::Reset(std::string_view account, WallTime now, Output& output) {
  const auto found = accounts_.find(account);
  if (found == accounts_.end()) return;
  for (auto& [window, pool] : found->second) {
    if (!window.Contains(now)) continue;
    pool->forgiven = pool->Spent();
    pool->unreported = Amount();
    Record(*pool, output);
  }
  Work(now, output);
}

void Ledger::Recover(WallTime now, Output& output) {
  recovered_ = now;
  is_halted_ = false;
  for (auto& [account, pools] : accounts_)
    for (auto& [window, pool] : pools) {
      if (window.end <= now) continue;
      pool->unreported = Amount();
      pool->unreported = std::max(LeftOf(*pool, now), Amount());
      Record(*pool, output);
    }
}

void Ledger::Merge(const Holder& holder, const limits::Return& report, WallTime now, Output& output) {
  const uint32_t index = Hear(holder, {}, now);
  for (const limits::Held& held : report.held) {
    if (!held.counters.is_sound() || held.counters.granted > kMost || held.counters.used > kMost ||
        held.counters.returned > held.counters.granted) {
      output.alarms.push_back({Trouble::kUnsound, holder, held.account, "absurd counters were not taken"});
      continue;
    }
    Pool& pool = Open(held.account, held.window, now, output);
    if (pool.held() > kMost) {
      output.alarms.push_back({Trouble::kUnsound, holder, held.account, "an absurd sum was not taken"});
      continue;
    }
    Holding& holding = pool.At(index);
    Counters counters = holding.counters;
    counters.granted = std::max(counters.granted, held.counters.granted);
    counters.returned = std::max(counters.returned, held.counters.returned);
    // `used` comes with the events; until then what isn't returned is held all the same.
    const Amount before = pool.held();
    pool.Set(holding, counters);
    // What it holds more is reported now. What it holds less it had given back to the collector that was
    // lost, which may have granted it to somebody.
    pool.unreported = std::max(pool.unreported - (pool.held() - before), Amount());
    Record(pool, output);
    Record(pool, index, holding, output);
  }
  Work(now, output);
}

void Ledger::Record(const Pool& pool, Output& output) const {
  output.pools.push_back({pool.account(), pool.window(), pool.forgiven, pool.unreported});
}

// A batch of events speaks of few holdings again and again: of each there is one record in an output, which
// is brought up to date.
HoldingRecord& Ledger::Record(const Pool& pool, uint32_t index, Holding& holding, Output& output) const {
  const Holder& holder = agents_[index].holder;
  if (holding.record < output.holdings.size()) {
    HoldingRecord& before = output.holdings[holding.record];
    if (before.window == pool.window() && before.holder == holder && before.account == pool.account()) {
      before.counters = holding.counters;
      before.overspent = holding.overspent;
      return before;
    }
  }
  holding.record = static_cast<uint32_t>(output.holdings.size());
  return output.holdings.emplace_back(
      HoldingRecord{holder, pool.account(), pool.window(), holding.counters, holding.overspent});
}

Statement Ledger::StatementOf(const Pool& pool, WallTime now) const {
  Statement statement{.account = pool.account(),
                      .window = pool.window(),
                      .amount = LimitOf(pool, now) + pool.forgiven,
                      .spent = pool.Spent(),
                      .unreported = pool.unreported,
                      .left = LeftOf(pool, now),
                      .holders = {}};
  for (const auto& [index, holding] : pool.holdings())
    statement.holders.emplace_back(agents_[index].holder, holding.counters);
  return statement;
}

std::vector<Statement> Ledger::Statements(std::string_view account, WallTime now) const {
  std::vector<Statement> found;
  const auto pools = accounts_.find(account);
  if (pools == accounts_.end()) return found;
  for (const auto& [window, pool] : pools->second) found.push_back(StatementOf(*pool, now));
  return found;
}

std::vector<Statement> Ledger::AllStatements(WallTime now) const {
  std::vector<Statement> found;
  for (const auto& [account, pools] : accounts_)
    for (const auto& [window, pool] : pools) found.push_back(StatementOf(*pool, now));
  return found;
}

}  // namespace postern::ledger
