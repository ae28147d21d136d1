// What scanning a body for secrets costs, by the built-in rules: its linear view is made and scanned. And
// what Vectorscan alone takes of it, over the view.
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "shared/secrets/built_in.h"
#include "shared/secrets/linear_view.h"
#include "shared/secrets/scanner.h"
#include "tests/bench/conversation.h"
#include "tests/bench/statistics.h"
#include "tests/bench/trial.h"

namespace postern::bench {
namespace {

// Bodies as they are sent, each different.
std::vector<std::string> Bodies(size_t size, size_t count) {
  std::vector<std::string> bodies;
  for (uint64_t seed = 1; bodies.size() < count; ++seed) {
    const Conversation conversation(size, Streaming::kYes, seed);
    bodies.push_back(std::string(conversation.history()) + std::string(conversation.ending()));
  }
  return bodies;
}

double Seconds(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// What one measurement scans.
struct Load {
  std::string name;
  std::string unit;
  size_t size;
  size_t bodies;
  int rounds;
  // From bytes, bodies and seconds to the unit.
  std::function<double(double bytes, double bodies, double seconds)> figure;
};

Result<std::vector<Row>> Measure(Arena& arena, const Load& load) {
  ASSIGN_OR_RETURN(const auto scanner, secrets::Scanner::Make(secrets::BuiltInRules(), {}));
  secrets::Workspace workspace(scanner);
  const std::vector<std::string> bodies = Bodies(load.size, load.bodies);
  std::vector<secrets::MappedText> views;
  for (const std::string& body : bodies) {
    ASSIGN_OR_RETURN(auto view, secrets::LinearView(body));
    views.push_back(std::move(view));
  }
  secrets::MappedText reused;
  double bytes = 0;
  for (const std::string& body : bodies) bytes += static_cast<double>(body.size()) * load.rounds;
  const double count = static_cast<double>(bodies.size()) * load.rounds;
  size_t found = 0, failed = 0;
  std::vector<double> ours, bare, ratios;
  for (int repetition = 0; repetition < arena.settings().repetitions; ++repetition) {
    const double whole = Seconds([&] {
      for (int round = 0; round < load.rounds; ++round) {
        for (const std::string& body : bodies) {
          if (!secrets::LinearView(body, reused)) {
            ++failed;
            continue;
          }
          const auto findings = scanner.Scan({.text = reused.text()}, workspace, {});
          findings ? found += findings->size() : ++failed;
        }
      }
    });
    const double first = Seconds([&] {
      for (int round = 0; round < load.rounds; ++round) {
        for (const auto& view : views) failed += scanner.ScanFirstStage(view.text(), workspace) ? 0 : 1;
      }
    });
    ours.push_back(load.figure(bytes, count, whole));
    bare.push_back(load.figure(bytes, count, first));
    ratios.push_back(ours.back() / bare.back());
  }
  if (failed > 0) return Error{ErrorCode::kUnavailable, load.name + ": a body could not be scanned"};
  return std::vector{Row{.name = load.name,
                         .unit = load.unit,
                         .ours = Median(ours),
                         .reference = Median(bare),
                         .reference_name = "Vectorscan alone",
                         .ratio = Median(ratios),
                         .note = std::to_string(scanner.rules().rules.size()) + " rules, " +
                                 std::to_string(found) + " findings"}};
}

Trial TrialOf(const Load& load) {
  return {.names = {load.name}, .load = {}, .run = [load](Arena& arena) { return Measure(arena, load); }};
}

}  // namespace

std::vector<Trial> SecretsTrials() {
  return {TrialOf({.name = "secrets/scan-gbps/1MB",
                   .unit = "GB/s",
                   .size = 1 << 20,
                   .bodies = 8,
                   .rounds = 8,
                   .figure = [](double bytes, double, double seconds) { return bytes / seconds / 1e9; }}),
          TrialOf({.name = "secrets/scan-us/240B",
                   .unit = "us",
                   .size = 240,
                   .bodies = 256,
                   .rounds = 200,
                   .figure = [](double, double bodies, double seconds) { return seconds / bodies * 1e6; }})};
}

}  // namespace postern::bench
