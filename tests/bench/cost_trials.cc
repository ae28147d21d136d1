// Processor time of the proxy: of a request at several sizes and numbers of connections, and of an event of a
// stream.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "tests/bench/metrics.h"
#include "tests/bench/statistics.h"
#include "tests/bench/trial.h"

namespace postern::bench {
namespace {

struct Entrant {
  Contestant* contestant;
  Clients clients;
};

Result<std::vector<Entrant>> Enter(Arena& arena, const Load& load) {
  std::vector<Entrant> entrants;
  int instance = 0;
  for (const std::string& name : {arena.settings().ours, std::string("nginx")}) {
    ASSIGN_OR_RETURN(Contestant* const contestant, arena.Enter(name, load.transport, instance++));
    entrants.push_back({contestant, Clients(contestant->target, load.shape, load.connections)});
  }
  return entrants;
}

// Warms everyone up, and says how many requests the last of them answers in the time aimed at. A multiple of
// the connections.
Result<uint64_t> WarmUp(const Arena& arena, const Load& load, std::vector<Entrant>& entrants) {
  const auto connections = static_cast<uint64_t>(load.connections);
  const bool is_paced = load.shape.answer == Answer::kPaced;
  Outcome outcome;
  for (Entrant& entrant : entrants) {
    ASSIGN_OR_RETURN(outcome,
                     entrant.clients.Run(is_paced ? connections : std::max<uint64_t>(connections * 2, 100)));
  }
  const double wanted = static_cast<double>(outcome.requests) / outcome.seconds * arena.settings().seconds;
  return connections * static_cast<uint64_t>(std::max(1.0, std::round(wanted / load.connections)));
}

enum class Per { kRequest, kEvent };

Result<std::vector<Row>> MeasureCost(Arena& arena, const std::string& name, const Load& load, Per per) {
  ASSIGN_OR_RETURN(auto entrants, Enter(arena, load));
  ASSIGN_OR_RETURN(const uint64_t requests, WarmUp(arena, load, entrants));
  const auto measure = [&](size_t i) -> Result<double> {
    const ChildProcess& process = *entrants[i].contestant->process;
    const double before = process.SettledCpuMicroseconds();
    ASSIGN_OR_RETURN(const Outcome outcome, entrants[i].clients.Run(requests));
    const double spent = process.SettledCpuMicroseconds() - before;
    return spent / static_cast<double>(per == Per::kEvent ? outcome.events : outcome.requests);
  };
  ASSIGN_OR_RETURN(const auto values, arena.Interleave<double>(entrants.size(), measure));
  const Comparison comparison = Compare(values[0], values[1]);
  std::string note = std::to_string(requests) + " requests a repetition";
  if (const uint16_t port = entrants[0].contestant->operations_port; port != 0)
    note += "; " + DescribeSpoolBatches(port);
  return std::vector{Row{.name = name,
                         .unit = "us",
                         .ours = comparison.ours,
                         .reference = comparison.reference,
                         .reference_name = "nginx",
                         .ratio = comparison.ratio,
                         .note = std::move(note)}};
}

Trial CostTrial(std::string name, const Load& load, Per per) {
  return {.names = {name}, .load = load, .run = [name, load, per](Arena& arena) {
            return MeasureCost(arena, name, load, per);
          }};
}

}  // namespace

std::vector<Trial> CostTrials() {
  struct Size {
    const char* name;
    size_t bytes;
  };
  std::vector<Trial> trials;
  for (const int connections : {1, 16, 64, 256}) {
    for (const Size size : {Size{"300B", 300}, Size{"50KB", 50'000}, Size{"500KB", 500'000}}) {
      trials.push_back(CostTrial(
          "agent/cpu-per-request/c" + std::to_string(connections) + "/" + size.name,
          {.shape = {.body_size = size.bytes, .answer = Answer::kMessage}, .connections = connections},
          Per::kRequest));
    }
  }
  for (const Transport transport : {Transport::kPlain, Transport::kTls}) {
    for (const Answer answer : {Answer::kBurst, Answer::kPaced}) {
      const std::string name = std::string("agent/cpu-per-event/") +
                               (transport == Transport::kTls ? "tls-" : "plain-") +
                               (answer == Answer::kBurst ? "burst" : "paced");
      trials.push_back(CostTrial(
          name, {.shape = {.body_size = 300, .answer = answer}, .connections = 16, .transport = transport},
          Per::kEvent));
    }
  }
  return trials;
}

}  // namespace postern::bench
