// How a demand is met.
#include <algorithm>
#include <set>

#include "collector/ledger/ledger.h"

namespace postern::ledger {

using limits::Claim;
using limits::Limit;
using limits::Unit;
using limits::Window;

namespace {

// Of the largest amount, too, and to the last unit of a small one.
Amount PermilleOf(Amount amount, int64_t permille) {
  return Amount(amount.units() / 1'000 * permille + amount.units() % 1'000 * permille / 1'000);
}

bool IsSoundClaim(const Claim& claim) {
  return IsSound(claim.amount) && IsSound(claim.granted) && IsSound(claim.returned) && IsSound(claim.ahead) &&
         claim.spare <= kMost && claim.spare >= Amount() - kMost;
}

// An account may stand once in a demand: each is checked by itself against what is left.
bool AreDistinct(const std::vector<Claim>& claims) {
  std::set<std::string_view> seen;
  return std::all_of(claims.begin(), claims.end(),
                     [&](const Claim& claim) { return seen.insert(claim.account).second; });
}

}  // namespace

bool Ledger::IsTrusted(const Holder& holder, const limits::Demand& demand, Output& output) {
  const bool is_sound = std::all_of(demand.claims.begin(), demand.claims.end(), IsSoundClaim);
  if (is_sound && AreDistinct(demand.claims)) return true;
  output.alarms.push_back({Trouble::kUnsound, holder, "", "a demand with absurd numbers was not taken"});
  return false;
}

bool Ledger::Halts(const Holder& holder, const std::string& account, Amount seen, Amount known,
                   Output& output) {
  if (seen <= known) return false;
  is_halted_ = true;
  pending_.clear();
  output.alarms.push_back(
      {Trouble::kRestored, holder, account,
       "an agent holds what this collector has not granted: it was restored from a backup"});
  return true;
}

void Ledger::Receive(const Holder& holder, const limits::Demand& demand, WallTime now, Output& output) {
  const uint32_t index = Hear(holder, demand.at, now);
  if (!IsTrusted(holder, demand, output) || is_halted_) return;
  Pending pending{.holder = index, .demand = demand, .pools = {}, .arrived = now};
  bool waits = false;
  for (const Claim& claim : demand.claims) {
    // Rows outlive their window by days: one that isn't here was granted by nobody that this ledger knows.
    if (claim.window && *claim.window != limits::kAlways && !IsKnown(claim.account, *claim.window) &&
        Halts(holder, claim.account, claim.granted, Amount(), output))
      return;
    Pool* pool = PoolFor(claim, demand.at, now, output);
    if (pool == nullptr) return;
    pending.pools.push_back(pool);
    if (!GoesOn(*pool, index, claim, output)) return;
    const Holding* holding = pool->Find(index);
    const Amount known = holding == nullptr ? Amount() : holding->counters.granted;
    if (claim.window == pool->window() && Halts(holder, claim.account, claim.granted, known, output)) return;
    waits = waits || claim.amount > Amount();
  }
  // A repeated demand keeps its place.
  const auto same = std::find_if(pending_.begin(), pending_.end(), [&](const Pending& other) {
    return other.holder == index && other.demand.number == demand.number;
  });
  if (same != pending_.end()) {
    pending.arrived = same->arrived;
    *same = std::move(pending);
  } else if (!pending_.empty() && waits) {
    pending_.push_back(std::move(pending));
  } else if (!TryGrant(pending, now, output) && waits) {
    pending_.push_back(std::move(pending));
  }
  Work(now, output);
}

// Of slots whose row was swept the counters go on from what the holder has given back. False where it takes
// some for its own still: it is told, and comes again.
bool Ledger::GoesOn(Pool& pool, uint32_t holder, const limits::Claim& claim, Output& output) const {
  if (claim.window != limits::kAlways || pool.window() != limits::kAlways || pool.Find(holder) != nullptr)
    return true;
  if (claim.granted > claim.returned) {
    output.messages.push_back(
        {agents_[holder].holder,
         {.heard = agents_[holder].heard, .standings = {GivenBack(claim.account, claim.granted)}}});
    return false;
  }
  if (claim.returned == Amount()) return true;
  Holding& holding = pool.At(holder);
  pool.Set(holding, {.granted = claim.returned, .used = Amount(), .returned = claim.returned});
  Record(pool, holder, holding, output);
  return true;
}

bool Ledger::IsKnown(const std::string& account, const Window& window) const {
  const auto pools = accounts_.find(account);
  return pools != accounts_.end() && pools->second.contains(window);
}

Pool* Ledger::PoolFor(const Claim& claim, WallTime at, WallTime now, Output& output) {
  const auto pools = accounts_.find(claim.account);
  if (claim.window && pools != accounts_.end()) {
    const auto found = pools->second.find(*claim.window);
    if (found != pools->second.end()) return found->second.get();
  }
  const Limit* limit = limits_->Find(limits::LimitOf(claim.account));
  if (limit == nullptr) return &Open(claim.account, claim.window.value_or(limits::kAlways), now, output);
  if (limit->unit == Unit::kConcurrent) return &Open(claim.account, limits::kAlways, now, output);
  if (limit->frame == limits::Frame::kRolling) return RollingPool(claim, *limit, at, now, output);
  Window window = limits_->WindowOf(*limit, at);
  if (window.end + options_.skew <= now) window = limits_->WindowOf(*limit, now);
  if (window.begin > now) window = limits_->WindowOf(*limit, limits_->WindowOf(*limit, now).end);
  if (window.begin > now + options_.lead + options_.skew) window = limits_->WindowOf(*limit, now);
  return &Open(claim.account, window, now, output);
}

// The one that holds, or a new one, which begins with this grant.
Pool* Ledger::RollingPool(const Claim& claim, const Limit& limit, WallTime at, WallTime now, Output& output) {
  if (at > now + options_.skew) return nullptr;  // it can't be known yet when the next one begins
  const std::chrono::seconds length = limits::LengthOf(limit.span);
  const auto pools = accounts_.find(claim.account);
  if (pools != accounts_.end())
    for (auto entry = pools->second.rbegin(); entry != pools->second.rend(); ++entry)
      if (entry->first != limits::kAlways && entry->first.Contains(now) &&
          entry->first.end - entry->first.begin == length)
        return entry->second.get();
  // One that a lost collector began may last for that long.
  const WallTime begin = now < recovered_ + length && recovered_ != WallTime::min() ? recovered_ : now;
  return &Open(claim.account, {begin, begin + length}, now, output);
}

// What must be granted, seen from what the ledger knows now: the wallet's spare at the time of its demand,
// less what it has given back since, and with what was granted since.
Amount Ledger::NeedOf(const Claim& claim, const Pool& pool, uint32_t holder) {
  if (claim.amount == Amount()) return Amount();
  Amount spare;
  const Holding* holding = pool.Find(holder);
  const limits::Counters counters = holding == nullptr ? limits::Counters() : holding->counters;
  if (claim.window == pool.window()) {
    const Amount granted = counters.granted - claim.granted;
    const Amount returned = std::max(counters.returned, claim.returned) - claim.returned;
    // What came back beyond the spare had become free since.
    spare = std::max(claim.spare + granted - returned, std::min(claim.spare, Amount()));
  } else {
    spare = counters.granted - std::max(counters.returned, Amount()) - counters.used;
  }
  return std::max(claim.amount - spare, Amount());
}

// What is overspent is held already: a grant that covers it takes nothing more.
Amount Ledger::OverdraftOf(const limits::Counters& counters) {
  return counters.held() - (counters.granted - counters.returned);
}

bool Ledger::Lacks(const Pending& pending, size_t claim, WallTime now) const {
  const Pool& pool = *pending.pools[claim];
  const Amount need = NeedOf(pending.demand.claims[claim], pool, pending.holder);
  return need > Amount() && need > StandingOf(pool, pending.holder, now).left;
}

bool Ledger::TryGrant(const Pending& pending, WallTime now, Output& output) {
  for (size_t i = 0; i < pending.pools.size(); ++i) {
    const Claim& claim = pending.demand.claims[i];
    const Holding* holding = pending.pools[i]->Find(pending.holder);
    const Amount granted = holding == nullptr ? Amount() : holding->counters.granted;
    if (Lacks(pending, i, now) || granted + claim.amount + claim.ahead > kMost) return false;
  }
  for (size_t i = 0; i < pending.pools.size(); ++i) {
    Pool& pool = *pending.pools[i];
    const Claim& claim = pending.demand.claims[i];
    Holding& holding = pool.At(pending.holder);
    const Amount need = NeedOf(claim, pool, pending.holder);
    const Amount given = need + ExtraOf(claim, pool, pending.holder, need, now);
    if (given == Amount()) continue;
    limits::Counters counters = holding.counters;
    counters.granted += given;
    pool.Set(holding, counters);
    pool.round.granted = true;
    holding.granted_before = last_round_;
    Record(pool, pending.holder, holding, output);
  }
  Send(pending, limits::Word::kGranted, now, output);
  return true;
}

// Ahead of need: by recent spending, of what is left at most an equal share of half of it; nothing while
// somebody lacks something.
Amount Ledger::ExtraOf(const Claim& claim, const Pool& pool, uint32_t holder, Amount need,
                       WallTime now) const {
  if (pool.round.is_open || pool.next_round_at > now) return Amount();
  const Holding* holding = pool.Find(holder);
  const limits::Counters counters = holding == nullptr ? limits::Counters() : holding->counters;
  Amount wanted = claim.ahead;
  if (claim.window == pool.window()) {
    wanted -= std::max(claim.spare + counters.granted - claim.granted, Amount());
  } else {
    wanted -= counters.granted - counters.returned;
  }
  const auto holders = static_cast<int64_t>(pool.holdings().size()) + 1;
  Amount most((LeftOf(pool, now) - need).units() / (2 * holders));
  if (pool.window().begin > now + options_.skew) {
    const Amount allowance = PermilleOf(LimitOf(pool, now), options_.ahead_permille);
    most = std::min(most, allowance - counters.held() - need);
  }
  return std::max(std::min(wanted, most), Amount());
}

// ---- what waits

void Ledger::Release(WallTime now, Output& output) {
  is_held_ = false;
  Work(now, output);
}

void Ledger::Work(WallTime now, Output& output) {
  if (is_held_) return;
  while (!pending_.empty()) {
    for (Pool* pool : GrantWhatFits(now, output)) {
      if (!pool->round.is_open && pool->next_round_at <= now) StartRound(*pool, now, output);
      if (pool->round.is_open && pool->round.awaited == 0) FinishRound(*pool, now, output);
    }
    if (!DenyWhatIsProven(now, output)) return;
  }
}

// In the order in which they came. An account that an earlier one lacks is kept for it, or the small would
// starve the large. Returns the accounts that somebody lacks.
std::vector<Pool*> Ledger::GrantWhatFits(WallTime now, Output& output) {
  std::vector<Pool*> lacking;
  const auto is_lacking = [&](const Pool* pool) {
    return std::find(lacking.begin(), lacking.end(), pool) != lacking.end();
  };
  for (auto at = pending_.begin(); at != pending_.end();) {
    const bool is_kept = std::any_of(at->pools.begin(), at->pools.end(), is_lacking);
    if (!is_kept && TryGrant(*at, now, output)) {
      at = pending_.erase(at);
      continue;
    }
    for (size_t i = 0; i < at->pools.size(); ++i)
      if (Lacks(*at, i, now) && !is_lacking(at->pools[i])) lacking.push_back(at->pools[i]);
    ++at;
  }
  return lacking;
}

void Ledger::Send(const Pending& pending, limits::Word word, WallTime now, Output& output) const {
  const Agent& agent = agents_[pending.holder];
  limits::Answer answer{.word = word, .number = pending.demand.number, .heard = agent.heard};
  for (const Pool* pool : pending.pools) answer.standings.push_back(StandingOf(*pool, pending.holder, now));
  output.messages.push_back({agent.holder, std::move(answer)});
}

limits::Standing Ledger::StandingOf(const Pool& pool, uint32_t holder, WallTime now) const {
  const Holding* holding = pool.Find(holder);
  const limits::Counters counters = holding == nullptr ? limits::Counters() : holding->counters;
  const Amount left = std::max(LeftOf(pool, now) + OverdraftOf(counters), Amount());
  return {pool.account(), pool.window(), counters.granted, counters.returned, counters.used, left};
}

}  // namespace postern::ledger
