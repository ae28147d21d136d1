#include "tests/bench/profile.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "tests/bench/callgrind.h"
#include "tests/bench/trial.h"

namespace postern::bench {
namespace {

constexpr size_t kCosts = 5;

Result<Load> LoadOfRow(const std::string& row) {
  for (const Trial& trial : AllTrials()) {
    if (std::find(trial.names.begin(), trial.names.end(), row) != trial.names.end()) return trial.load;
  }
  return Error{ErrorCode::kNotFound, "no row is called " + row + "; --list names them"};
}

// Enough for the steady state to outweigh the start: under callgrind a program is some fifty times slower.
uint64_t RequestsFor(const Load& load) {
  if (StreamingOf(load.shape.answer) == Streaming::kYes) return 200;
  return std::max<uint64_t>(load.shape.body_size > 2000 ? 500 : 5000,
                            2 * static_cast<uint64_t>(load.connections));
}

Result<std::string> Describe(const std::filesystem::path& file, Attribution attribution) {
  ASSIGN_OR_RETURN(const auto costs, LargestCosts(file, attribution, kCosts));
  std::string text = attribution == Attribution::kSelf ? "  by itself\n" : "  with what it calls\n";
  for (const Cost& cost : costs) {
    std::array<char, 32> percent{};
    std::snprintf(percent.data(), percent.size(), "  %6.1f %%  ", cost.percent);
    text += percent.data() + cost.function + "\n";
  }
  return text;
}

}  // namespace

Result<std::string> Profile(Arena& arena, const std::string& row) {
  ASSIGN_OR_RETURN(const Load load, LoadOfRow(row));
  const auto directory = arena.settings().site.directory / "profile";
  std::filesystem::create_directories(directory);
  const uint64_t requests = RequestsFor(load);
  {
    ASSIGN_OR_RETURN(Contestant contestant,
                     arena.Fresh(arena.settings().ours, load.transport, CallgrindWrapper(directory)));
    Clients clients(contestant.target, load.shape, std::max(1, load.connections));
    RETURN_IF_ERROR(clients.Run(requests));
    contestant.process->Stop();
  }
  uint64_t all = 0;
  const auto files = CallgrindFiles(directory);
  for (const auto& [thread, file] : files) all += CountIn(file).value_or(0);
  std::string text = arena.settings().ours + " under the load of " + row + ", " + std::to_string(requests) +
                     " requests, start included: " + std::to_string(all / requests) +
                     " instructions a request\n";
  for (const auto& [thread, file] : files) {
    const uint64_t count = CountIn(file).value_or(0);
    if (count * 10 < all) continue;
    text += "thread " + std::to_string(thread.second) + ": " + std::to_string(count / requests) +
            " instructions a request\n";
    for (const Attribution attribution : {Attribution::kSelf, Attribution::kInclusive}) {
      ASSIGN_OR_RETURN(const std::string costs, Describe(file, attribution));
      text += costs;
    }
  }
  return text;
}

}  // namespace postern::bench
