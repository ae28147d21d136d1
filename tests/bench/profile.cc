#include "tests/bench/profile.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>

#include "tests/bench/callgrind.h"
#include "tests/bench/trial.h"

namespace postern::bench {
namespace {

constexpr size_t kCosts = 25;

Result<Load> LoadOfRow(const std::string& row) {
  for (const Trial& trial : AllTrials()) {
    if (std::find(trial.names.begin(), trial.names.end(), row) != trial.names.end()) return trial.load;
  }
  return Error{ErrorCode::kNotFound, "no row is called " + row + "; --list names them"};
}

// Under callgrind a program is some fifty times slower.
uint64_t RequestsFor(const Load& load) {
  if (StreamingOf(load.shape.answer) == Streaming::kYes) return 160;
  return std::max<uint64_t>(load.shape.body_size > 2000 ? 300 : 1000,
                            2 * static_cast<uint64_t>(load.connections));
}

using Files = std::map<ThreadOrdinal, std::filesystem::path>;

Result<Files> RunCounted(Arena& arena, const Load& load, uint64_t requests) {
  const auto directory = arena.settings().site.directory / ("profile-" + std::to_string(requests));
  std::filesystem::create_directories(directory);
  ASSIGN_OR_RETURN(Contestant contestant,
                   arena.Fresh(arena.settings().ours, load.transport, CallgrindWrapper(directory)));
  Clients clients(contestant.target, load.shape, std::max(1, load.connections));
  RETURN_IF_ERROR(clients.Run(requests));
  contestant.process->Stop();
  return CallgrindFiles(directory);
}

// What the second file counts beyond the first, a request.
Result<std::string> Describe(const std::filesystem::path& once, const std::filesystem::path& twice,
                             uint64_t requests, Attribution attribution) {
  ASSIGN_OR_RETURN(const auto before, CostsIn(once, attribution));
  ASSIGN_OR_RETURN(const auto after, CostsIn(twice, attribution));
  std::vector<std::pair<double, std::string>> costs;
  for (const auto& [function, instructions] : after) {
    const auto found = before.find(function);
    const double grown = static_cast<double>(instructions) -
                         (found == before.end() ? 0.0 : static_cast<double>(found->second));
    costs.emplace_back(grown / static_cast<double>(requests), function);
  }
  std::sort(costs.rbegin(), costs.rend());
  if (costs.size() > kCosts) costs.resize(kCosts);
  std::string text = attribution == Attribution::kSelf ? "  by itself\n" : "  with what it calls\n";
  for (const auto& [cost, function] : costs) {
    std::array<char, 32> number{};
    std::snprintf(number.data(), number.size(), "  %10.0f  ", cost);
    text += number.data() + function + "\n";
  }
  return text;
}

}  // namespace

Result<std::string> Profile(Arena& arena, const std::string& row) {
  ASSIGN_OR_RETURN(const Load load, LoadOfRow(row));
  const uint64_t requests = RequestsFor(load);
  ASSIGN_OR_RETURN(const Files once, RunCounted(arena, load, requests));
  ASSIGN_OR_RETURN(const Files twice, RunCounted(arena, load, 2 * requests));
  std::string text = arena.settings().ours + " under the load of " + row +
                     ", instructions a request: " + std::to_string(2 * requests) + " requests less " +
                     std::to_string(requests) + "\n";
  for (const auto& [thread, file] : twice) {
    const auto before = once.find(thread);
    if (before == once.end()) continue;
    ASSIGN_OR_RETURN(const uint64_t less, CountIn(before->second));
    ASSIGN_OR_RETURN(const uint64_t more, CountIn(file));
    if (more < less + requests * 100) continue;
    text +=
        "thread " + std::to_string(thread.second) + ": " + std::to_string((more - less) / requests) + "\n";
    for (const Attribution attribution : {Attribution::kSelf, Attribution::kInclusive}) {
      ASSIGN_OR_RETURN(const std::string costs, Describe(before->second, file, requests, attribution));
      text += costs;
    }
  }
  return text;
}

}  // namespace postern::bench
