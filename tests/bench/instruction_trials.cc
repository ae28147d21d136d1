// Instructions of a request, counted: a run of 2N requests minus a run of N, so that starting and ending
// cancel.
#include <algorithm>
#include <array>
#include <map>

#include "tests/bench/callgrind.h"
#include "tests/bench/metrics.h"
#include "tests/bench/trial.h"

namespace postern::bench {
namespace {

constexpr Load kLoad = {.shape = {.body_size = 300, .answer = Answer::kMessage}, .connections = 16};
constexpr const char* kLoopRow = "agent/instructions-per-request/300B";
constexpr const char* kAllRow = "agent/instructions-per-request/300B-all-threads";

struct Count {
  std::map<ThreadOrdinal, uint64_t> threads;
  std::string note;
};

Result<Count> CountOnce(Arena& arena, const std::string& name, uint64_t requests) {
  const auto directory =
      arena.settings().site.directory / ("callgrind-" + name + "-" + std::to_string(requests));
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  Count count;
  {
    ASSIGN_OR_RETURN(Contestant contestant, arena.Fresh(name, kLoad.transport, CallgrindWrapper(directory)));
    Clients clients(contestant.target, kLoad.shape, kLoad.connections);
    RETURN_IF_ERROR(clients.Run(requests));
    if (contestant.operations_port != 0) count.note = DescribeSpoolBatches(contestant.operations_port);
    contestant.process->Stop();
  }
  for (const auto& [thread, file] : CallgrindFiles(directory)) {
    ASSIGN_OR_RETURN(count.threads[thread], CountIn(file));
  }
  if (count.threads.empty())
    return Error{ErrorCode::kUnavailable, "callgrind left no counts in " + directory.string()};
  return count;
}

struct PerRequest {
  double loop = 0;  // the thread that grew most: in a forwarder that is its event loop
  double all = 0;
  std::string note;
};

Result<PerRequest> CountPerRequest(Arena& arena, const std::string& name) {
  const uint64_t requests = arena.settings().instruction_requests;
  ASSIGN_OR_RETURN(const Count once, CountOnce(arena, name, requests));
  ASSIGN_OR_RETURN(const Count twice, CountOnce(arena, name, 2 * requests));
  PerRequest result;
  for (const auto& [thread, instructions] : twice.threads) {
    const auto before = once.threads.find(thread);
    const double grown = static_cast<double>(instructions) -
                         (before == once.threads.end() ? 0.0 : static_cast<double>(before->second));
    result.all += grown / static_cast<double>(requests);
    result.loop = std::max(result.loop, grown / static_cast<double>(requests));
  }
  result.note = twice.note;
  return result;
}

Result<std::vector<Row>> MeasureInstructions(Arena& arena) {
  ASSIGN_OR_RETURN(const PerRequest ours, CountPerRequest(arena, arena.settings().ours));
  ASSIGN_OR_RETURN(const PerRequest nginx, CountPerRequest(arena, "nginx"));
  const Row loop{.name = kLoopRow,
                 .unit = "instr",
                 .ours = ours.loop,
                 .reference = nginx.loop,
                 .reference_name = "nginx",
                 .ratio = ours.loop / nginx.loop,
                 .note = ours.note};
  const Row all{.name = kAllRow,
                .unit = "instr",
                .ours = ours.all,
                .reference = nginx.all,
                .reference_name = "nginx",
                .ratio = ours.all / nginx.all,
                .note = ours.note};
  return std::vector{loop, all};
}

}  // namespace

std::vector<Trial> InstructionTrials() {
  return {{.names = {kLoopRow, kAllRow}, .load = kLoad, .run = MeasureInstructions}};
}

}  // namespace postern::bench
