// The four promises, held against the truth.
#include <algorithm>

#include "tests/model/simulation.h"

namespace postern::model {

using std::chrono::seconds;

// A wallet sweeps once a second, and what it had to do while it slept may come a second late.
constexpr seconds kUntilSwept{3};

void Simulation::Violated(const std::string& what) {
  if (!kinds_.insert(what.substr(0, 24)).second) return;
  result_.violations.push_back("seed " + std::to_string(plan_.seed) + ", step " +
                               std::to_string(time_.steps()) + ": " + what);
}

// ---- each host's part of the truth

void Simulation::Unshare(Host& host) {
  for (const auto& [pool, part] : host.share)
    truth_.Change(*pool, Amount() - part.first, Amount() - part.second);
  host.share.clear();
}

// A copy's counters are somebody else's until the collector has met it.
void Simulation::Share(Host& host) {
  const auto add = [&](const std::string& account, const limits::Window& window, Amount used,
                       Amount reserved) {
    Pool& pool = truth_.At(account, window);
    auto& part = host.share[&pool];
    part.first += used;
    part.second += reserved;
    truth_.Change(pool, used, reserved);
  };
  if (!host.is_blind)
    for (const auto& [key, record] : host.written.holdings)
      add(key.account, key.window, record.counters.used, Amount());
  for (const auto& [id, record] : host.written.reservations)
    for (const wallet::ReservedPart& part : record.parts)
      add(part.account, part.window, Amount(), part.amount);
}

void Simulation::Freeze(Host& host) {
  const ledger::Holder holder = HolderOf(host);
  for (const auto& [pool, part] : host.share) {
    const auto row = keep_.working.holdings.find({holder, {pool->account, pool->window}});
    const Amount known = row == keep_.working.holdings.end() ? Amount() : row->second.counters.used;
    truth_.Change(*pool, known - part.first, Amount() - part.second);
    frozen_[holder][pool] += known;
    pool->frozen += known;
  }
  host.share.clear();
}

void Simulation::Thaw(const ledger::Holder& holder) {
  for (const auto& [pool, amount] : frozen_[holder]) {
    truth_.Change(*pool, Amount() - amount, Amount());
    pool->frozen -= amount;
  }
  frozen_.erase(holder);
}

// Before the rows are written: what they change.
void Simulation::Count(Host& host, const wallet::Output& output) {
  const auto change = [&](const std::string& account, const limits::Window& window, Amount used,
                          Amount reserved) {
    Pool& pool = truth_.At(account, window);
    auto& part = host.share[&pool];
    part.first += used;
    part.second += reserved;
    truth_.Change(pool, used, reserved);
  };
  for (const wallet::ReservationRecord& record : output.reservations) {
    const auto former = host.written.reservations.find(record.exchange);
    if (former != host.written.reservations.end())
      for (const wallet::ReservedPart& part : former->second.parts)
        change(part.account, part.window, Amount(), Amount() - part.amount);
    for (const wallet::ReservedPart& part : record.parts)
      change(part.account, part.window, Amount(), part.amount);
  }
  for (const limits::Charge& charge : output.charges) {
    change(charge.account, charge.window, charge.amount, Amount());
    if (host.is_blind) truth_.At(charge.account, charge.window).blind += charge.amount;
  }
}

// ---- I1

Amount Simulation::LimitOf(const std::string& account) const {
  const limits::Limit* limit = table_->Find(limits::LimitOf(account));
  return limit == nullptr ? Amount() : limit->AmountAt(time_.now());
}

limits::Span Simulation::SpanOf(const std::string& account) const {
  const limits::Limit* limit = table_->Find(limits::LimitOf(account));
  return limit == nullptr ? limits::Span::kDay : limit->span;
}

bool Simulation::IsOfItsLimit(const Pool& pool) const {
  return pool.window == limits::kAlways || limits::IsOf(SpanOf(pool.account), pool.window);
}

void Simulation::NoteMost(Pool& pool) {
  pool.most = std::max(pool.most, LimitOf(pool.account) + pool.forgiven);
}

void Simulation::CheckSpent(Pool& pool) {
  NoteMost(pool);
  if (pool.used > pool.most + pool.overspent + pool.blind)
    Violated("I1 more was spent than the limit allows: " + pool.account + " " +
             std::to_string(pool.used.units()) + " of " + std::to_string(pool.most.units()));
}

void Simulation::CheckSlots() {
  Pool& pool = truth_.At("slots", limits::kAlways);
  NoteMost(pool);
  Amount covered;
  for (const auto& host : hosts_) {
    if (!host->is_up) continue;
    const auto balance = host->wallet.Find("slots", time_.now());
    if (!balance) continue;
    covered += balance->reserved - Amount(static_cast<int64_t>(host->wallet.Uncovered(time_.now()).size()));
    const auto row = keep_.working.holdings.find({HolderOf(*host), {"slots", limits::kAlways}});
    if (row == keep_.working.holdings.end() || !host->wallet.is_leased(time_.now())) continue;
    const limits::Counters& own = balance->counters;
    const limits::Counters& known = row->second.counters;
    // A collector that was restored from a backup grants none before all leases have ended.
    const bool is_old = known.granted < own.granted;
    if (!is_old && own.granted - own.returned > known.granted - known.returned)
      Violated("I1 somebody counts on slots that others may have by now");
  }
  if (covered > pool.most) Violated("I1 more run at once than the limit allows");
}

// ---- I2

Amount Simulation::GrantedTo(const Host& host, const RowKey& key) const {
  const std::pair<ledger::Holder, RowKey> place{HolderOf(host), key};
  if (const auto row = keep_.disk.holdings.find(place); row != keep_.disk.holdings.end())
    return row->second.counters.granted;
  const auto swept = keep_.disk.swept.find(place);
  return swept == keep_.disk.swept.end() ? Amount() : swept->second;
}

void Simulation::CheckGranted(Host& host, const limits::Answer& answer) {
  for (const limits::Standing& standing : answer.standings) {
    if (standing.granted > GrantedTo(host, {standing.account, standing.window}))
      Violated("I2 a grant was said before it was synced");
  }
}

void Simulation::CheckHost(Host& host) {
  std::map<RowKey, Amount> sums;
  std::map<RowKey, Amount> reserved;
  for (const auto& [id, record] : host.written.reservations)
    for (const wallet::ReservedPart& part : record.parts)
      reserved[{part.account, part.window}] += part.amount;
  for (const auto& [account, balance] : host.wallet.Balances()) {
    const RowKey key{account, balance.window};
    const auto sum = host.written.sums.find(key);
    const Amount charged = sum == host.written.sums.end() ? Amount() : sum->second;
    if (!host.is_blind && balance.counters.used != charged)
      Violated("I2 the wallet's counter isn't the sum of its events: " + account);
    if (balance.reserved != reserved[key]) Violated("I2 what is reserved isn't on the disk: " + account);
    const auto on_disk = host.written.holdings.find(key);
    if (on_disk == host.written.holdings.end() ? balance.counters != limits::Counters()
                                               : balance.counters != on_disk->second.counters)
      Violated("I2 the wallet's counters aren't on the disk: " + account);
    // Who sleeps, or slept a moment ago, still has windows whose rows the ledger has erased meanwhile.
    if (host.is_blind || host.keep_life == 0 || time_.now() < host.wakes + kUntilSwept) continue;
    if (balance.counters.granted > GrantedTo(host, key))
      Violated("I2 a wallet holds more than it was granted: " + account);
  }
}

// All of it anew, from the rows.
void Simulation::CheckEverything() {
  std::map<const Pool*, std::pair<Amount, Amount>> sums;
  for (const auto& host : hosts_) {
    if (host->is_up) CheckHost(*host);
    for (const auto& [pool, part] : host->share) {
      sums[pool].first += part.first;
      sums[pool].second += part.second;
    }
  }
  for (auto& [account, pools] : truth_.pools())
    for (Pool& pool : pools) {
      if (pool.window.end < time_.now() - seconds(120)) continue;
      CheckSpent(pool);
      if (sums[&pool].second != pool.reserved) Violated("the truth has lost count: " + account);
    }
  if (!keep_.is_up) return;
  for (const ledger::Statement& statement : keep_.ledger->AllStatements(time_.now())) {
    if (statement.window.end <= time_.now()) continue;
    Amount held = statement.unreported;
    for (const auto& [holder, counters] : statement.holders) held += counters.held();
    if (held + statement.left != statement.amount)
      Violated("I1 the ledger has lost count: " + statement.account);
  }
}

// ---- I3

bool Simulation::IsImpaired(WallTime since) const {
  const WallTime from = since - seconds(3);
  if (!keep_.is_up || keep_.impaired >= from) return true;
  return std::any_of(hosts_.begin(), hosts_.end(), [&](const auto& host) {
    // Who wakes hears what was said to it meanwhile a little later.
    return !host->is_dead && (host->is_cut_off || !host->is_up || host->is_blind || host->keep_life == 0 ||
                              std::max(host->impaired, host->wakes) >= from);
  });
}

void Simulation::WatchReservation(Host& host, uint64_t exchange, const std::vector<wallet::Part>& parts) {
  Watch watch{.exchange = exchange, .since = time_.now(), .wanted = {}};
  for (const wallet::Part& part : parts) {
    const auto balance = host.wallet.Find(part.account, time_.now());
    if (!balance) continue;
    Pool& pool = truth_.At(std::string(part.account), balance->window);
    watch.wanted.push_back({&pool, part.amount, pool.taken()});
  }
  truth_.Begin(std::move(watch));
}

void Simulation::WatchExtension(Host& host, uint64_t exchange, const limits::Amounts& in_all) {
  Watch watch{.exchange = exchange, .since = time_.now(), .wanted = {}};
  for (const wallet::ReservedPart& part : host.written.reservations[IdOf(exchange)].parts) {
    if (in_all[part.unit] <= part.amount) continue;
    Pool& pool = truth_.At(part.account, part.window);
    watch.wanted.push_back({&pool, in_all[part.unit] - part.amount, pool.taken()});
  }
  truth_.Begin(std::move(watch));
}

bool Simulation::IsHere(const ledger::Holder& holder) const {
  return std::any_of(hosts_.begin(), hosts_.end(), [&](const auto& host) {
    return !host->is_dead && host->agent == holder.agent && host->written.incarnation == holder.incarnation;
  });
}

// What holders that will never answer hold, spent or not.
Amount Simulation::HeldByOthers(const ledger::Statement& statement) const {
  Amount held;
  for (const auto& [holder, counters] : statement.holders)
    if (!IsHere(holder)) held += counters.held();
  return held;
}

// A lease of one that will never answer has ended, or that of all that a lost collector had granted. Who
// waited until then was rightly told that there is nothing.
bool Simulation::FreesWhatWasOutOfReach(const ledger::Output& output) const {
  const auto& former = keep_.working;
  const bool of_a_holder =
      std::any_of(output.holdings.begin(), output.holdings.end(), [&](const auto& record) {
        const auto found = former.holdings.find({record.holder, {record.account, record.window}});
        return found != former.holdings.end() && !IsHere(record.holder) &&
               record.counters.held() < found->second.counters.held();
      });
  return of_a_holder || std::any_of(output.pools.begin(), output.pools.end(), [&](const auto& record) {
           const auto found = former.pools.find({record.account, record.window});
           return found != former.pools.end() && record.unreported < found->second.unreported;
         });
}

// What was free of it while it was waited for, at the worst moment; nothing where the ledger has no such
// window.
std::optional<Amount> Simulation::LeastFree(const Host& host, const wallet::Decision& decision,
                                            const Watch::Wanted& wanted) {
  const Pool* pool = wanted.pool;
  Amount most_taken = wanted.most_taken;
  const auto balance = host.wallet.Find(pool->account, time_.now());
  if (balance && pool->window.end <= time_.now() && decision.purpose == wallet::Purpose::kReserve) {
    // Its window ended while it waited: it was refused in the one that has begun since. An answer that is
    // extended stays in its own.
    pool = &truth_.At(pool->account, balance->window);
    most_taken = pool->most_taken;
  }
  for (const ledger::Statement& statement : keep_.ledger->Statements(pool->account, time_.now())) {
    if (statement.window == pool->window)
      return statement.amount - statement.unreported - HeldByOthers(statement) - (most_taken - pool->frozen);
  }
  return std::nullopt;
}

void Simulation::CheckRefusal(Host& host, const wallet::Decision& decision, const Watch& watch) {
  if (IsImpaired(watch.since)) return;
  ++result_.judged;
  const bool is_unanswered = decision.verdict == wallet::Verdict::kUnavailable;
  bool was_short = false;
  for (const Watch::Wanted& wanted : watch.wanted) {
    if (!is_unanswered && wanted.pool->account != decision.account) continue;
    if (!is_unanswered && decision.purpose == wallet::Purpose::kReserve && !IsOfItsLimit(*wanted.pool))
      Violated("I3 refused for a window of a limit that is another by now: " + decision.account);
    const auto free = LeastFree(host, decision, wanted);
    was_short = was_short || (free && *free < wanted.amount);
    if (!is_unanswered && free && *free >= wanted.amount)
      Violated("I3 refused while enough was free: " + decision.account + ", free " +
               std::to_string(free->units()) + ", asked " + std::to_string(wanted.amount.units()));
  }
  if (!is_unanswered) return;
  if (!was_short) Violated("I3 an exchange got no answer, though nothing was wrong: of " + host.agent);
  ++result_.unproven;
}

}  // namespace postern::model
