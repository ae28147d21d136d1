// A program to be killed: appends exchanges as fast as the spool takes them and says on standard output what
// it was promised.
//
//   spool_writer <state directory> <connections> [--hold-unsynced]
//
// Each "connection" appends an intent, waits until it is written ("w <number>") and synced ("s <number>"),
// then appends the outcome
// ("o <number>" once that is synced). With --hold-unsynced a kill is a power cut.
#include <cstdio>
#include <cstdlib>
#include <memory>
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

int Run(const std::string& directory, size_t connections, bool hold_unsynced) {
  std::mutex mutex;
  std::condition_variable progressed;
  uint64_t seen = 0;
  uint64_t progress = 0;
  Options options;
  options.journal.directory = directory;
  if (hold_unsynced) options.journal.faults = std::make_shared<kv::Faults>(true);
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
  Say('r', 0);                                            // ready
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
  return postern::spool::Run(argv[1], std::strtoul(argv[2], nullptr, 10),
                             argc > 3 && std::string_view(argv[3]) == "--hold-unsynced");
}
