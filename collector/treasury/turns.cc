// The committer's turns: what has come is worked out, written with its events, and then said.
#include <algorithm>
#include <utility>

#include "collector/treasury/proof_log.h"
#include "collector/treasury/state.h"
#include "shared/base/log.h"

namespace postern::treasury {
namespace {

using namespace std::chrono_literals;

// While somebody waits, rounds of recalls go on; otherwise only leases and rows of old windows end.
constexpr auto kWhileWaiting = 2ms;
constexpr auto kAtRest = 500ms;

}  // namespace

void Treasury::OnWork(std::function<void()> tell) { state_->tell = std::move(tell); }

std::chrono::milliseconds Treasury::patience() const {
  const bool has_more =
      state_->incoming.With([](const State::Incoming& come) { return come.inbox.size() > 0; });
  return has_more || state_->waits.load(std::memory_order_relaxed) ? kWhileWaiting : kAtRest;
}

Status Treasury::Prepare(std::vector<Settlement>& settlements, store::Change& change) {
  State& state = *state_;
  State::Turn turn;
  state.incoming.With([&](State::Incoming& come) {
    turn.letters = come.inbox.Take();
    turn.heard = std::exchange(come.heard, {});
    turn.terms = std::exchange(come.terms, std::nullopt);
    std::move(come.errands.begin(), come.errands.end(), std::back_inserter(state.under_way));
    come.errands.clear();
  });
  if (turn.terms) state.terms = *turn.terms;
  if (!state.books.With([](const auto& books) { return books.has_value(); })) {
    const Status loaded = state.Load();
    if (!loaded) {
      Failed(loaded.error());
      return loaded;
    }
    state.stats.With([](Stats& stats) { ++stats.rebuilt; });
  }
  state.output.Clear();
  state.output.wants_proofs = WouldLog(Level::kDebug);
  const bool is_sound = state.books.With([&](auto& books) {
    state.Work(*books, turn, settlements);
    books->AddRows(state.output, change);
    return !books->ledger().is_halted();
  });
  state.Count(turn, settlements.size());
  if (is_sound) return Ok{};
  const Error error{ErrorCode::kCorrupt, "the ledger contradicts itself; it is read anew"};
  Failed(error);
  return error;
}

void Treasury::State::Work(Bookkeeper& keeper, Turn& turn, std::vector<Settlement>& settlements) {
  ledger::Ledger& ledger = keeper.ledger();
  keeper.BeginTurn(options.wall_now());
  if (turn.terms) {
    ledger.SetAhead(terms.ahead_permille != 0 ? terms.ahead_permille : options.ledger.ahead_permille);
    ledger.SetLimits(terms.limits, keeper.now(), output);
  }
  for (Settlement& settlement : settlements) keeper.Settle(settlement, output);
  for (const auto& [holder, sign] : turn.heard) ledger.Heard(holder, sign.at, sign.arrived);
  ledger.Hold();
  for (Letter& letter : turn.letters) TakeLetter(keeper, letter);
  RunErrands(keeper);
  ledger.Release(keeper.now(), output);
  ledger.Tick(keeper.now(), output);
  for (Errand& errand : under_way) {
    if (errand.kind != Errand::Kind::kStatements) continue;
    errand.statements = errand.subject.empty() ? ledger.AllStatements(keeper.now())
                                               : ledger.Statements(errand.subject, keeper.now());
  }
  waits.store(ledger.waits(), std::memory_order_relaxed);
}

void Treasury::State::TakeLetter(Bookkeeper& keeper, Letter& letter) {
  if (const auto* greeting = std::get_if<Greeting>(&letter.body)) {
    greeted[greeting->holder.agent] = greeting->holder.incarnation;
    greeted_now.push_back(greeting->holder.agent);
    return keeper.Take(*greeting, letter.arrived, output);
  }
  const auto known = greeted.find(letter.holder.agent);
  const bool is_greeted = known != greeted.end() && known->second == letter.holder.incarnation;
  if (!is_greeted || !keeper.Take(letter, output)) proceeds.strangers.push_back(letter.holder);
}

void Treasury::State::RunErrands(Bookkeeper& keeper) {
  for (const Errand& errand : under_way) {
    if (errand.kind == Errand::Kind::kReset) keeper.ledger().Reset(errand.subject, keeper.now(), output);
    if (errand.kind != Errand::Kind::kForfeit) continue;
    greeted.erase(errand.subject);
    keeper.ledger().Forfeit(errand.subject, keeper.now(), output);
  }
}

void Treasury::State::Count(const Turn& turn, size_t settlements) {
  stats.With([&](Stats& counted) {
    for (const Letter& letter : turn.letters) {
      counted.demands += std::holds_alternative<limits::Demand>(letter.body) ? 1 : 0;
      counted.returns += std::holds_alternative<limits::Return>(letter.body) ? 1 : 0;
    }
    for (const ledger::Message& message : output.messages) {
      switch (message.answer.word) {
        case limits::Word::kGranted: ++counted.grants; break;
        case limits::Word::kDenied: ++counted.denials; break;
        case limits::Word::kRecall: ++counted.recalls; break;
      }
    }
    counted.settlements += settlements;
    counted.alarms += output.alarms.size();
  });
}

Proceeds Treasury::Committed(const store::Receipt& receipt) {
  State& state = *state_;
  const size_t rows = state.books.With([&](auto& books) { return books->Committed(receipt.ledger); });
  state.stats.With([&](Stats& stats) { stats.rows += rows; });
  state.greeted_now.clear();
  for (Errand& errand : state.under_way) errand.done.set_value(std::move(errand.statements));
  state.under_way.clear();
  Proceeds proceeds = std::exchange(state.proceeds, {});
  proceeds.messages = std::exchange(state.output.messages, {});
  for (const ledger::Proof& proof : state.output.proofs) LogProof(proof);
  proceeds.alarms = std::exchange(state.output.alarms, {});
  std::sort(proceeds.strangers.begin(), proceeds.strangers.end());
  proceeds.strangers.erase(std::unique(proceeds.strangers.begin(), proceeds.strangers.end()),
                           proceeds.strangers.end());
  return proceeds;
}

// Nobody knows what of it is on the disk: that is read before anything else is worked out.
void Treasury::Failed(const Error& error) {
  State& state = *state_;
  state.books.With([](auto& books) { books.reset(); });
  state.waits.store(false, std::memory_order_relaxed);
  for (const std::string& agent : std::exchange(state.greeted_now, {})) state.greeted.erase(agent);
  state.output.Clear();
  state.proceeds = {};
  state.Answer(error);
}

void Treasury::State::Answer(const Error& error) {
  for (Errand& errand : std::exchange(under_way, {})) errand.done.set_value(error);
}

}  // namespace postern::treasury
