// A program to be killed: appends exchanges as fast as the spool takes them and says on standard output what
// it was promised.
//
//   spool_writer <state directory> <connections> [--hold-unsynced] [--collector]
//
// Each "connection" appends an intent, waits until it is written ("w <number>") and synced ("s <number>"),
// then appends the outcome
// ("o <number>" once that is synced). With --hold-unsynced a kill is a power cut. With --collector somebody
// takes the sealed groups: says which intents it was given ("g <number>"), acknowledges them, and now and
// then issues an incarnation, which is said once it is begun ("i <incarnation>").
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <unistd.h>

#include "agent/spool/spool.h"
#include "shared/kv/faults.h"
#include "tests/agent/spool/events.h"

namespace postern::spool {
namespace {

// One write(2) each: what has reached the pipe was promised before the kill.
void Say(char what, uint64_t number) {
  char line[32];
  const int size =
      std::snprintf(line, sizeof(line), "%c %llu\n", what, static_cast<unsigned long long>(number));
  if (write(STDOUT_FILENO, line, static_cast<size_t>(size)) != size) std::_Exit(1);
}

// The main thread appends and looks at the watermarks, as an event loop does; no connection has a thread.
struct Connection {
  uint64_t number = 0;
  Ticket ticket{};
  enum { kIdle, kIntentAppended, kIntentWritten, kOutcomeAppended } state = kIdle;
};

void Step(Spool& spool, Connection& connection, uint64_t& next) {
  switch (connection.state) {
    case Connection::kIdle:
      connection.number = next++;
      connection.ticket = *spool.Append(Intent(connection.number));
      connection.state = Connection::kIntentAppended;
      return;
    case Connection::kIntentAppended:
      if (spool.written() < connection.ticket) return;
      Say('w', connection.number);
      connection.state = Connection::kIntentWritten;
      return;
    case Connection::kIntentWritten:
      if (spool.synced() < connection.ticket) return;
      Say('s', connection.number);
      connection.ticket = *spool.Append(Outcome(connection.number));
      connection.state = Connection::kOutcomeAppended;
      return;
    case Connection::kOutcomeAppended:
      if (spool.synced() < connection.ticket) return;
      Say('o', connection.number);
      connection.state = Connection::kIdle;
      return;
  }
}

// What the conversation's thread does, without a conversation. Each step asks for the next from a thread of
// its own, since callbacks must not call the spool.
class Taker {
 public:
  explicit Taker(Spool& spool) : spool_(spool) {
    std::thread([this] {
      for (;;) Turn();
    }).detach();
  }

 private:
  void Turn() {
    auto groups = Wait<Result<std::vector<SealedGroup>>>(
        [&](auto done) { spool_.ReadGroups(after_, 64 * 1024, std::move(done)); });
    if (!groups || groups->empty()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      return;
    }
    for (const SealedGroup& group : *groups) Tell(group);
    after_ = groups->back().end;
    CHECK(Wait<Status>([&](auto done) {
            spool_.Acknowledge({after_}, Spool::Claim::kAtLeast, std::move(done));
          }).has_value());
    if (++turns_ % 8 != 0) return;
    const uint64_t incarnation = static_cast<uint64_t>(getpid()) << 32 | turns_;
    if (Wait<Status>([&](auto done) { spool_.BeginIncarnation(incarnation, std::move(done)); }))
      Say('i', incarnation);
  }

  static void Tell(const SealedGroup& group) {
    for (const std::string& bytes : group.events) {
      wire::Event event;
      CHECK(event.ParseFromString(bytes));
      if (!event.has_intent()) continue;
      uint64_t number = 0;
      for (size_t i = 8; i < 16; ++i)
        number = number << 8 | static_cast<uint8_t>(event.intent().exchange().at(i));
      Say('g', number);
    }
  }

  template <class T, class Ask>
  static T Wait(Ask ask) {
    std::promise<T> answered;
    ask([&](T answer) { answered.set_value(std::move(answer)); });
    return answered.get_future().get();
  }

  Spool& spool_;
  Mark after_{};
  uint64_t turns_ = 0;
};

struct Mode {
  bool hold_unsynced = false;
  bool collector = false;
};

int Run(const std::string& directory, size_t connections, Mode mode) {
  std::mutex mutex;
  std::condition_variable progressed;
  uint64_t seen = 0;
  uint64_t progress = 0;
  Options options;
  options.journal.directory = directory;
  if (mode.collector) options.journal.retention = Retention::kAcknowledged;
  if (mode.hold_unsynced) options.journal.faults = std::make_shared<kv::Faults>(true);
  options.lazy_sync = std::chrono::milliseconds(2);
  options.seal_at_least = std::chrono::milliseconds(5);
  options.on_progress = [&] {
    const std::lock_guard lock(mutex);
    ++progress;
    progressed.notify_one();
  };
  auto opened = Spool::Open(options);
  if (!opened) {
    std::fprintf(stderr, "%s\n", opened.error().message.c_str());
    return 1;
  }
  Spool& spool = **opened;
  Say('r', 0);  // ready
  std::optional<Taker> taker;
  if (mode.collector) taker.emplace(spool);
  uint64_t next = static_cast<uint64_t>(getpid()) << 32;  // numbers of this life
  std::vector<Connection> all(connections);
  for (;;) {
    for (Connection& connection : all) Step(spool, connection, next);
    std::unique_lock lock(mutex);
    progressed.wait_for(lock, std::chrono::milliseconds(1), [&] { return progress != seen; });
    seen = progress;
  }
}

}  // namespace
}  // namespace postern::spool

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  postern::spool::Mode mode;
  for (int i = 3; i < argc; ++i) {
    mode.hold_unsynced |= std::string_view(argv[i]) == "--hold-unsynced";
    mode.collector |= std::string_view(argv[i]) == "--collector";
  }
  return postern::spool::Run(argv[1], std::strtoul(argv[2], nullptr, 10), mode);
}
