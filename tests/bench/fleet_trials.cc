#include "tests/bench/fleet_trials.h"

#include <cstdio>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "tests/bench/bare_fleet.h"
#include "tests/bench/revocation_fleet.h"
#include "tests/bench/statistics.h"
#include "tests/bench/trial.h"
#include "tests/end_to_end/house.h"
#include "tests/end_to_end/revocation_time.h"

namespace postern::bench {
namespace {

constexpr const char* kName = "fleet/revoke-p99";
constexpr const char* kOneHost = "agent/revoke-ms";
constexpr int kTimesARepetition = 10;  // ten repetitions are a hundred: fewer have no 99th percentile
constexpr size_t kAgents = 1000;
constexpr size_t kFrameBytes = 256;  // about a revoked key's record; ours says how many they are

struct Medians {
  std::vector<double> ours, bare;
};

// A collector, an agent and a provider of their own: the trials' arena has no collector.
Result<Row> MeasureOneHost(const Arena& arena) {
  end_to_end::House house;
  end_to_end::Host host(house.Member());
  const int times = kTimesARepetition * arena.settings().repetitions;
  ASSIGN_OR_RETURN(const auto milliseconds, end_to_end::TimeRevocations(house, host, times));
  char note[160];
  std::snprintf(note, sizeof(note), "99th percentile of %d; median %.1f, largest %.1f", times,
                Median(milliseconds), Percentile(milliseconds, 100));
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  return Row{.name = kOneHost,
             .unit = "ms",
             .ours = Percentile(milliseconds, 99),
             .reference = kUnknown,
             .reference_name = "",
             .ratio = kUnknown,
             .note = note};
}

}  // namespace

Result<Row> MeasureRevocation(Arena& arena, size_t agents) {
  const std::filesystem::path directory = arena.settings().site.directory / "fleet";
  std::filesystem::remove_all(directory);
  const auto repetitions = static_cast<size_t>(arena.settings().repetitions);
  ASSIGN_OR_RETURN(const auto bare, BareFleet::Make(agents));
  ASSIGN_OR_RETURN(const auto fleet, RevocationFleet::Make(directory.string(), agents, repetitions + 1));
  size_t frame_bytes = kFrameBytes;
  Medians medians;
  const auto measure = [&](size_t contestant) -> Result<double> {
    if (contestant == 0) {
      ASSIGN_OR_RETURN(const Spread spread, fleet->Revoke());
      frame_bytes = spread.frame_bytes;
      medians.ours.push_back(Percentile(spread.milliseconds, 50));
      return Percentile(spread.milliseconds, 99);
    }
    ASSIGN_OR_RETURN(const auto milliseconds, bare->Send(frame_bytes));
    medians.bare.push_back(Percentile(milliseconds, 50));
    return Percentile(milliseconds, 99);
  };
  // Both have their first time without being counted.
  for (const size_t contestant : {size_t{0}, size_t{1}}) {
    if (const auto warm = measure(contestant); !warm) return warm.error();
  }
  ASSIGN_OR_RETURN(const auto values, arena.Interleave<double>(2, measure));
  const Comparison comparison = Compare(values[0], values[1]);
  char note[160];
  std::snprintf(note, sizeof(note), "%zu agents, %zu bytes each; p50 %.1f, bare %.1f ms", agents, frame_bytes,
                Median(medians.ours), Median(medians.bare));
  return Row{.name = kName,
             .unit = "ms",
             .ours = comparison.ours,
             .reference = comparison.reference,
             .reference_name = "bare ZeroMQ",
             .ratio = comparison.ratio,
             .note = note};
}

std::vector<Trial> FleetTrials() {
  return {{.names = {kName},
           .load = {},
           .run = [](Arena& arena) -> Result<std::vector<Row>> {
             ASSIGN_OR_RETURN(Row row, MeasureRevocation(arena, kAgents));
             return std::vector<Row>{std::move(row)};
           }},
          {.names = {kOneHost}, .load = {}, .run = [](Arena& arena) -> Result<std::vector<Row>> {
             ASSIGN_OR_RETURN(Row row, MeasureOneHost(arena));
             return std::vector<Row>{std::move(row)};
           }}};
}

}  // namespace postern::bench
