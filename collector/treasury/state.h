// What a treasury has inside, for its own files: treasury.cc takes in what people and agents say, turns.cc
// works it out.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collector/treasury/bookkeeper.h"
#include "collector/treasury/inbox.h"
#include "collector/treasury/treasury.h"
#include "shared/base/guarded.h"

namespace postern::treasury {

// What a person asks for, from another thread.
struct Errand {
  enum class Kind : uint8_t { kStatements, kReset, kForfeit };
  Kind kind{};
  std::string subject;
  std::promise<Result<std::vector<ledger::Statement>>> done;
  std::vector<ledger::Statement> statements{};
};

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
  Result<std::vector<ledger::Statement>> Run(Errand::Kind kind, const std::string& subject);
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

}  // namespace postern::treasury
