// Resident memory of a freshly started proxy, and once 2,000 clients have each made a request and keep their
// connection.
#include <thread>

#include "tests/bench/statistics.h"
#include "tests/bench/trial.h"

namespace postern::bench {
namespace {

using namespace std::chrono_literals;

constexpr int kStarts = 3;
constexpr int kIdleClients = 2000;
constexpr double kRequestsPerSecond =
    1000;  // few in flight at once, so that clients and not load are what is held

Load LoadOf(int clients) {
  return {.shape = {.body_size = 300, .answer = Answer::kMessage}, .connections = clients};
}

Result<double> MeasureOnce(Arena& arena, const std::string& name, int clients) {
  ASSIGN_OR_RETURN(const Contestant contestant, arena.Fresh(name, Transport::kPlain, {}));
  const Load load = LoadOf(clients);
  Clients idle(contestant.target, load.shape, load.connections);
  if (clients > 0) RETURN_IF_ERROR(idle.RunAtRate(static_cast<uint64_t>(clients), kRequestsPerSecond));
  std::this_thread::sleep_for(1s);
  return static_cast<double>(contestant.process->ResidentBytes()) / 1e6;
}

Result<std::vector<Row>> MeasureMemory(Arena& arena, const std::string& name, int clients) {
  std::vector<double> ours;
  std::vector<double> reference;
  for (int i = 0; i < kStarts; ++i) {
    ASSIGN_OR_RETURN(const double mine, MeasureOnce(arena, arena.settings().ours, clients));
    ASSIGN_OR_RETURN(const double theirs, MeasureOnce(arena, "nginx", clients));
    ours.push_back(mine);
    reference.push_back(theirs);
  }
  const Comparison comparison = Compare(ours, reference);
  return std::vector{Row{.name = name,
                         .unit = "MB",
                         .ours = comparison.ours,
                         .reference = comparison.reference,
                         .reference_name = "nginx",
                         .ratio = comparison.ratio,
                         .note = ""}};
}

Trial MemoryTrial(const std::string& name, int clients) {
  return {.names = {name}, .load = LoadOf(clients), .run = [name, clients](Arena& arena) {
            return MeasureMemory(arena, name, clients);
          }};
}

}  // namespace

std::vector<Trial> MemoryTrials() {
  return {MemoryTrial("agent/rss/idle", 0), MemoryTrial("agent/rss/2000-idle", kIdleClients)};
}

}  // namespace postern::bench
