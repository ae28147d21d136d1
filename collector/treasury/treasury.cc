#include "collector/treasury/treasury.h"

#include <algorithm>
#include <utility>

#include "collector/treasury/rows.h"
#include "collector/treasury/state.h"

namespace postern::treasury {

using ledger::Statement;

namespace {

Error Over() { return {ErrorCode::kUnavailable, "the collector stops"}; }

}  // namespace

// ── the rows ───────────────────────────────────────────────────────────────────────────────────────────────

Status Treasury::State::Load() {
  ASSIGN_OR_RETURN(Rows rows, ReadRows(store));
  const WallTime now = options.wall_now();
  Bookkeeper made(options.ledger, terms.limits, std::move(rows), now);
  if (terms.ahead_permille != 0) made.ledger().SetAhead(terms.ahead_permille);
  books.With([&](auto& present) { present.emplace(std::move(made)); });
  return Ok{};
}

// Rows of an earlier epoch are those of a backup.
Status Treasury::State::Begin(Terms of) {
  terms = std::move(of);
  RETURN_IF_ERROR(Load());
  store::Change change;
  books.With([&](auto& present) { present->Begin(epoch, options.wall_now(), change); });
  if (change.ledger.empty()) return Ok{};
  ASSIGN_OR_RETURN(const store::Receipt written, store.Commit(change));
  return books.With([&](auto& present) -> Status {
    present->Committed(written.ledger);
    return Ok{};
  });
}

Result<std::unique_ptr<Treasury>> Treasury::Open(store::Store& store, uint64_t epoch, Terms terms,
                                                 Options options) {
  auto state = std::make_unique<State>(store, epoch, std::move(options));
  RETURN_IF_ERROR(state->Begin(std::move(terms)));
  return std::unique_ptr<Treasury>(new Treasury(std::move(state)));
}

Treasury::Treasury(std::unique_ptr<State> state) : state_(std::move(state)) {}

Treasury::~Treasury() { Close(); }

// ── for people ─────────────────────────────────────────────────────────────────────────────────────────────

Result<std::vector<Statement>> Treasury::State::Run(Errand::Kind kind, const std::string& subject) {
  Errand errand{.kind = kind, .subject = subject, .done = {}};
  auto done = errand.done.get_future();
  const bool taken = incoming.With([&](Incoming& come) {
    if (come.is_closed) return false;
    come.errands.push_back(std::move(errand));
    return true;
  });
  if (!taken) return Over();
  Tell();
  return done.get();
}

Result<std::vector<Statement>> Treasury::Statements(const std::string& account) {
  return state_->Run(Errand::Kind::kStatements, account);
}

Status Treasury::Reset(const std::string& account) {
  const auto done = state_->Run(Errand::Kind::kReset, account);
  if (!done) return done.error();
  return Ok{};
}

Status Treasury::Forfeit(const std::string& agent) {
  const auto done = state_->Run(Errand::Kind::kForfeit, agent);
  if (!done) return done.error();
  return Ok{};
}

Stats Treasury::stats() const {
  Stats stats = state_->stats.With([](const Stats& counted) { return counted; });
  state_->incoming.With([&](const State::Incoming& come) {
    stats.waiting = come.inbox.size();
    stats.turned_away += come.turned_away;
  });
  return stats;
}

// ── what agents say ────────────────────────────────────────────────────────────────────────────────────────

Result<std::optional<std::string>> Treasury::Doubt(const Holder& said, const limits::Return& report) {
  const WallTime now = state_->options.wall_now();
  return state_->books.With([&](const auto& books) -> Result<std::optional<std::string>> {
    if (!books) return Error{ErrorCode::kUnavailable, "the ledger is read anew"};
    return books->Doubt(said, report, now);
  });
}

void Treasury::Greet(const Holder& holder, uint64_t said, limits::Return report, WallTime at) {
  const WallTime now = state_->options.wall_now();
  state_->incoming.With([&](State::Incoming& come) {
    come.inbox.Put({holder, now, Greeting{holder, said, std::move(report), at}});
  });
  state_->Tell();
}

bool Treasury::Ask(const Holder& holder, limits::Demand demand) {
  const bool taken = state_->incoming.With([&](State::Incoming& come) {
    const bool fits = come.inbox.Put({holder, state_->options.wall_now(), std::move(demand)});
    come.turned_away += fits ? 0 : 1;
    return fits;
  });
  state_->Tell();
  return taken;
}

bool Treasury::GiveBack(const Holder& holder, limits::Return returned) {
  const bool taken = state_->incoming.With([&](State::Incoming& come) {
    const bool fits = come.inbox.Put({holder, state_->options.wall_now(), std::move(returned)});
    come.turned_away += fits ? 0 : 1;
    return fits;
  });
  state_->Tell();
  return taken;
}

// It is the last word of its holder that counts, and there are as many as are connected.
void Treasury::Hear(const Holder& holder, WallTime at) {
  const WallTime now = state_->options.wall_now();
  state_->incoming.With([&](State::Incoming& come) {
    Bookkeeper::Sign& sign = come.heard[holder];
    sign = {std::max(sign.at, at), now};
  });
}

void Treasury::SetTerms(Terms terms) {
  state_->incoming.With([&](State::Incoming& come) { come.terms = std::move(terms); });
  state_->Tell();
}

// ── the end ────────────────────────────────────────────────────────────────────────────────────────────────

void Treasury::Refuse(const Error& error) {
  State& state = *state_;
  auto errands = state.incoming.With([](State::Incoming& come) {
    come.inbox.Clear();
    come.heard.clear();
    return std::exchange(come.errands, {});
  });
  for (Errand& errand : errands) errand.done.set_value(error);
  state.Answer(error);
}

void Treasury::Close() {
  state_->incoming.With([](State::Incoming& come) { come.is_closed = true; });
  Refuse(Over());
}

}  // namespace postern::treasury
