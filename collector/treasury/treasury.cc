#include "collector/treasury/treasury.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <map>
#include <set>
#include <utility>

#include "collector/treasury/bookkeeper.h"
#include "collector/treasury/inbox.h"
#include "collector/treasury/rows.h"
#include "shared/base/guarded.h"
#include "shared/base/log.h"

namespace postern::treasury {
namespace {

using namespace std::chrono_literals;
using ledger::Statement;

// While somebody waits, rounds of recalls go on; otherwise only leases and rows of old windows end.
constexpr auto kWhileWaiting = 2ms;
constexpr auto kAtRest = 500ms;

// What a person asks for, from another thread.
struct Errand {
  enum class Kind : uint8_t { kStatements, kReset, kForfeit };
  Kind kind{};
  std::string subject;
  std::promise<Result<std::vector<Statement>>> done;
  std::vector<Statement> statements{};
};

Error Over() { return {ErrorCode::kUnavailable, "the collector stops"}; }

// Why somebody was refused, for people who ask afterwards.
void LogDenial(const ledger::Message& message) {
  for (const limits::Standing& standing : message.answer.standings) {
    if (standing.account != message.answer.lacking) continue;
    Log(Level::kDebug, "a demand was denied",
        {{"agent", message.to.agent},
         {"account", standing.account},
         {"demand", message.answer.number},
         {"left", standing.left.units()}});
  }
}

}  // namespace

struct Treasury::State {
  // What has come since the last Prepare.
  struct Incoming {
    Inbox inbox;
    std::map<Holder, Bookkeeper::Sign> heard;
    std::optional<Terms> terms;
    std::vector<Errand> errands;
    bool is_closed = false;
    uint64_t turned_away = 0;
  };

  // What is worked out at once.
  struct Turn {
    std::vector<Letter> letters;
    std::map<Holder, Bookkeeper::Sign> heard;
    std::optional<Terms> terms;
  };

  State(store::Store& backing, uint64_t of_epoch, Options of)
      : store(backing), epoch(of_epoch), options(std::move(of)) {}

  Status Begin(Terms terms);
  Status Load();
  Result<std::vector<Statement>> Run(Errand::Kind kind, const std::string& subject);
  void Work(Bookkeeper& keeper, Turn& turn, std::vector<Settlement>& settlements);
  void TakeLetter(Bookkeeper& keeper, Letter& letter);
  void RunErrands(Bookkeeper& keeper);
  void Tell() const {
    if (tell) tell();
  }
  void Answer(const Error& error);
  void Count(const Turn& turn, size_t settlements);

  store::Store& store;
  const uint64_t epoch;
  const Options options;
  std::function<void()> tell;
  Guarded<Incoming> incoming;
  // Changed by the committer alone; the conversation thread looks at it.
  Guarded<std::optional<Bookkeeper>> books;
  std::atomic<bool> waits{false};
  Guarded<Stats> stats;

  // The committer's.
  Terms terms;
  std::map<std::string, uint64_t> greeted;  // the incarnation that each agent was last welcomed with
  std::vector<std::string> greeted_now;     // of the change under way
  std::vector<Errand> under_way;
  ledger::Output output;
  Proceeds proceeds;
};

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

// ── the committer's ────────────────────────────────────────────────────────────────────────────────────────

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
  for (const ledger::Message& message : proceeds.messages)
    if (message.answer.word == limits::Word::kDenied) LogDenial(message);
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
