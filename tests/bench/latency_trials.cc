// Latency that a proxy adds: its own minus that of the same load sent straight to the upstream in the same
// repetition.
#include <array>

#include "tests/bench/statistics.h"
#include "tests/bench/trial.h"

namespace postern::bench {
namespace {

constexpr size_t kBodySize = 300;
constexpr int kPooledConnections = 64;  // what a rate is spread over

struct Pace {
  const char* name;
  double per_second;  // 0: one connection, as fast as it goes
};

constexpr std::array kPaces = {Pace{"c1", 0}, Pace{"r1000", 1000}, Pace{"r5000", 5000}};
constexpr std::array kPercents = {50, 99};

std::string RowName(int percent, const Pace& pace) {
  return "agent/added-p" + std::to_string(percent) + "/" + pace.name;
}

Load LoadOf(const Pace& pace) {
  return {.shape = {.body_size = kBodySize, .answer = Answer::kMessage},
          .connections = pace.per_second > 0 ? kPooledConnections : 1};
}

// One repetition of one contestant: the percentiles asked for, in microseconds.
using Percentiles = std::array<double, kPercents.size()>;

Result<Percentiles> MeasureOnce(Clients& clients, const Pace& pace, double seconds) {
  const auto requests = static_cast<uint64_t>((pace.per_second > 0 ? pace.per_second : 3000) * seconds);
  auto outcome = pace.per_second > 0 ? clients.RunAtRate(requests, pace.per_second) : clients.Run(requests);
  if (!outcome) return outcome.error();
  Percentiles percentiles;
  for (size_t i = 0; i < kPercents.size(); ++i)
    percentiles[i] = Percentile(outcome->latency_us, kPercents[i]);
  return percentiles;
}

// What contestant `who` added at percentile `which` over contestant 0, repetition by repetition.
std::vector<double> Added(const std::vector<std::vector<Percentiles>>& values, size_t who, size_t which) {
  std::vector<double> added;
  for (size_t i = 0; i < values[who].size(); ++i)
    added.push_back(values[who][i][which] - values[0][i][which]);
  return added;
}

Result<std::vector<Row>> MeasureAdded(Arena& arena, const Pace& pace) {
  const std::vector<std::string> names = {"direct", arena.settings().ours, "nginx", "haproxy"};
  std::vector<Clients> clients;
  for (size_t i = 0; i < names.size(); ++i) {
    ASSIGN_OR_RETURN(Contestant* const contestant,
                     arena.Enter(names[i], Transport::kPlain, static_cast<int>(i)));
    clients.emplace_back(contestant->target, LoadOf(pace).shape, LoadOf(pace).connections);
    RETURN_IF_ERROR(clients.back().Run(500));
  }
  const double seconds = arena.settings().seconds;
  const auto measure = [&](size_t i) { return MeasureOnce(clients[i], pace, seconds); };
  ASSIGN_OR_RETURN(const auto values, arena.Interleave<Percentiles>(names.size(), measure));
  std::vector<Row> rows;
  for (size_t which = 0; which < kPercents.size(); ++which) {
    std::vector<double> direct;
    for (const Percentiles& percentiles : values[0]) direct.push_back(percentiles[which]);
    for (size_t reference = 2; reference < names.size(); ++reference) {
      const Comparison comparison = Compare(Added(values, 1, which), Added(values, reference, which));
      rows.push_back({.name = RowName(kPercents[which], pace),
                      .unit = "us",
                      .ours = comparison.ours,
                      .reference = comparison.reference,
                      .reference_name = names[reference],
                      .ratio = comparison.ratio,
                      .note = "direct " + std::to_string(static_cast<int>(Median(direct))) + " us"});
    }
  }
  return rows;
}

}  // namespace

std::vector<Trial> LatencyTrials() {
  std::vector<Trial> trials;
  for (const Pace& pace : kPaces) {
    trials.push_back({.names = {RowName(kPercents[0], pace), RowName(kPercents[1], pace)},
                      .load = LoadOf(pace),
                      .run = [pace](Arena& arena) { return MeasureAdded(arena, pace); }});
  }
  return trials;
}

}  // namespace postern::bench
