// How it is proven that a demand can't be met.
//
// Money moves while one looks for it: a sum of answers that were given at different moments proves nothing.
// So everybody who may have some is asked twice. With the first answers all that was granted has come to its
// wallet, and since then everybody gives back at once what becomes free. So at the beginning of the second
// round all that is free lies here or is on its way here; and when the last answer is in, it has come. If
// nothing was granted since, and it still isn't enough, it wasn't enough at that moment.
#include <algorithm>

#include "collector/ledger/ledger.h"

namespace postern::ledger {

void Ledger::StartRound(Pool& pool, WallTime now, Output& output) {
  pool.round = {.number = ++last_round_, .is_open = true, .started = now, .awaited = 0, .all_stood = true};
  const std::set<uint32_t> gave_back_more = WhoGaveBackMore(pool);
  for (auto& [index, holding] : pool.holdings()) {
    const limits::Counters& counters = holding.counters;
    const bool may_have_some =
        counters.granted - counters.returned > counters.used || gave_back_more.contains(index);
    if (!may_have_some || agents_[index].is_silent) continue;
    const bool stands =
        holding.answered_at + options_.standing >= now && holding.answered > holding.granted_before;
    pool.round.all_stood = pool.round.all_stood && stands;
    holding.asked = pool.round.number;
    ++pool.round.awaited;
    limits::Answer recall{
        .word = limits::Word::kRecall, .number = pool.round.number, .heard = agents_[index].heard};
    recall.standings.push_back(StandingOf(pool, index, now));
    output.messages.push_back({agents_[index].holder, std::move(recall)});
  }
  open_rounds_.push_back(&pool);
}

// Whose demands say that more was given back than has come here: that message was lost, and what is lacking
// may be just that.
std::set<uint32_t> Ledger::WhoGaveBackMore(const Pool& pool) const {
  std::set<uint32_t> who;
  for (const Pending& pending : pending_) {
    for (size_t i = 0; i < pending.pools.size(); ++i) {
      const limits::Claim& claim = pending.demand.claims[i];
      if (pending.pools[i] != &pool || claim.window != pool.window()) continue;
      const Holding* holding = pool.Find(pending.holder);
      if (holding != nullptr && claim.returned > holding->counters.returned) who.insert(pending.holder);
    }
  }
  return who;
}

// Whoever waited when the round began and lacks something still is to be denied.
void Ledger::FinishRound(Pool& pool, WallTime now, Output& output) {
  Round& round = pool.round;
  round.is_open = false;
  pool.next_round_at = now + options_.pause;
  std::erase(open_rounds_, &pool);
  if (!round.all_stood || round.granted) return;
  std::vector<std::pair<Holder, uint64_t>> denied;
  for (Pending& pending : pending_) {
    if (pending.arrived > round.started) continue;
    for (size_t i = 0; i < pending.pools.size(); ++i) {
      if (pending.pools[i] != &pool || !Lacks(pending, i, now)) continue;
      pending.short_of.push_back(&pool);
      denied.emplace_back(agents_[pending.holder].holder, pending.demand.number);
    }
  }
  if (denied.empty() || !output.wants_proofs) return;
  output.proofs.push_back(ProofOf(pool, now));
  output.proofs.back().denied = std::move(denied);
}

// Whether anybody was denied.
bool Ledger::DenyWhatIsProven(WallTime now, Output& output) {
  return std::erase_if(pending_, [&](const Pending& pending) {
           if (pending.short_of.empty()) return false;
           Deny(pending, now, output);
           return true;
         }) > 0;
}

// Of what it is proven to lack the account whose window ends last is named: who waits for another would be
// refused again. Slots are free again soon, whatever the end of their window.
void Ledger::Deny(const Pending& pending, WallTime now, Output& output) const {
  const auto end_of = [](const Pool* pool) {
    return pool->window() == limits::kAlways ? WallTime::min() : pool->window().end;
  };
  const Pool* const last =
      *std::max_element(pending.short_of.begin(), pending.short_of.end(),
                        [&](const Pool* a, const Pool* b) { return end_of(a) < end_of(b); });
  Send(pending, limits::Word::kDenied, now, output);
  output.messages.back().answer.lacking = last->account();
}

// How it stands at the end of the round. Who has nothing beyond what it has spent needn't be asked.
Proof Ledger::ProofOf(const Pool& pool, WallTime now) const {
  Proof proof{.account = pool.account(),
              .window = pool.window(),
              .began = pool.round.started,
              .ended = now,
              .amount = LimitOf(pool, now) + pool.forgiven - pool.unreported,
              .parts = {},
              .denied = {}};
  for (const auto& [index, holding] : pool.holdings()) {
    const limits::Counters& counters = holding.counters;
    if (counters.held() == Amount()) continue;
    const bool has_answered = holding.asked == pool.round.number && holding.answered >= pool.round.number;
    proof.parts.push_back({agents_[index].holder, counters,
                           counters.granted - counters.returned > counters.used && !has_answered});
  }
  return proof;
}

void Ledger::Receive(const Holder& holder, const limits::Return& returned, WallTime now, Output& output) {
  const uint32_t index = Hear(holder, {}, now);
  if (is_halted_) return;
  for (const limits::Held& held : returned.held) {
    if (!held.counters.is_sound() || held.counters.granted > kMost ||
        held.counters.returned > held.counters.granted) {
      output.alarms.push_back({Trouble::kUnsound, holder, held.account, "absurd counters were not taken"});
      continue;
    }
    if (held.window == limits::kAlways && !Knows(holder, held.account, held.window)) continue;
    if (!IsKnown(held.account, held.window)) {
      if (Halts(holder, held.account, held.counters.granted, Amount(), output)) return;
      continue;
    }
    Pool& pool = *accounts_.find(held.account)->second.at(held.window);
    Holding& holding = pool.At(index);
    if (Halts(holder, held.account, held.counters.granted, holding.counters.granted, output)) return;
    limits::Counters counters = holding.counters;
    counters.returned = std::max(counters.returned, held.counters.returned);
    if (counters != holding.counters) {
      pool.Set(holding, counters);
      Record(pool, index, holding, output);
    }
    if (returned.recall > last_round_ || returned.recall <= holding.answered) continue;
    if (pool.round.is_open && returned.recall == pool.round.number && holding.asked == pool.round.number)
      --pool.round.awaited;
    holding.answered = returned.recall;
    // It gives back at once since it was asked: its answer may have waited long for its disk.
    holding.answered_at = returned.recall == pool.round.number ? pool.round.started : WallTime();
  }
  Work(now, output);
}

void Ledger::EndSlowRounds(WallTime now, Output& output) {
  const std::vector<Pool*> rounds = open_rounds_;
  for (Pool* pool : rounds) {
    if (pool->round.awaited > 0 && now < pool->round.started + options_.recall) continue;
    for (const auto& [index, holding] : pool->holdings())
      if (holding.asked == pool->round.number && holding.answered < pool->round.number)
        agents_[index].is_silent = true;
    FinishRound(*pool, now, output);
  }
}

void Ledger::Tick(WallTime now, Output& output) {
  if (now >= next_sweep_) Sweep(now, output);
  if (now >= raise_ends_) CallBackWhatIsTooMuch(now, output);
  EndSlowRounds(now, output);
  DenyWhatIsProven(now, output);
  std::erase_if(pending_, [&](const Pending& pending) {
    // Out of patience without a proof: the wallet, whose own is longer, says that there was no answer.
    return now >= pending.arrived + options_.patience;
  });
  Work(now, output);
}

}  // namespace postern::ledger
