// The ledger: how many settlements a second reach the disk, each with its event, its charges in five accounts
// and all that the collector keeps of it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "collector/intake/recorder.h"
#include "collector/store/memory_store.h"
#include "collector/store/rocks_store.h"
#include "collector/treasury/treasury.h"
#include "shared/base/check.h"
#include "shared/policy/zone.h"
#include "shared/wire/conversation.h"
#include "tests/bench/ingest.h"
#include "tests/bench/statistics.h"
#include "tests/bench/trial.h"

namespace postern::bench {
namespace {

namespace fs = std::filesystem;

constexpr int kAgents = 64;
constexpr size_t kFramesABatch = 16;  // of 256 events: what a busy collector has in one
constexpr Amount kGranted{int64_t{1} << 58};

treasury::Terms Terms() {
  std::vector<limits::Limit> limits;
  for (const char* id : {"organisation-month", "team-month", "each-day", "key-day", "key-model"}) {
    limits::Limit& limit = limits.emplace_back();
    limit.id = id;
    limit.amount = Amount(int64_t{1} << 60);
    limit.span = limits::Span::kDay;
  }
  auto table = limits::Table::Make(std::move(limits), policy::Utc());
  CHECK(table.has_value());
  return {.limits = std::make_shared<const limits::Table>(*std::move(table))};
}

// Batches as intake's verifier hands them over.
Result<std::vector<intake::Batch>> Verified(const SignedTraffic& traffic) {
  const auto nothing = store::MakeMemoryStore();
  intake::AgentTable agents;
  intake::Presence presence;
  intake::Progress progress;
  for (const wire::AgentRecord& record : traffic.agents) agents.Put(record);
  intake::Recorder recorder(*nothing, agents, presence, progress, WallNow);
  std::vector<intake::Batch> batches;
  for (size_t next = 0; next < traffic.frames.size();) {
    std::vector<intake::Submission> submissions;
    for (size_t i = 0; i < kFramesABatch && next < traffic.frames.size(); ++i, ++next) {
      ASSIGN_OR_RETURN(auto message, wire::DecodeFromAgent(traffic.frames[next].bytes));
      auto& submission = submissions.emplace_back();
      submission.agent = traffic.frames[next].agent;
      submission.greeting = 1;
      submission.events.Swap(message.mutable_events());
    }
    batches.push_back(recorder.Verify(std::move(submissions)));
  }
  return batches;
}

// Of this thread, ever.
double ProcessorSeconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

Status Turn(treasury::Treasury& treasury, store::Store& store, std::vector<treasury::Settlement>& settlements,
            store::Change& change, double& working_out) {
  const double before = ProcessorSeconds();
  RETURN_IF_ERROR(treasury.Prepare(settlements, change));
  working_out += ProcessorSeconds() - before;
  ASSIGN_OR_RETURN(const store::Receipt receipt, store.Commit(change));
  const treasury::Proceeds proceeds = treasury.Committed(receipt);
  if (proceeds.alarms.empty()) return Ok{};
  return Error{ErrorCode::kCorrupt, proceeds.alarms.front().sentence};
}

// Everybody holds enough, as after many demands.
Status GrantAll(treasury::Treasury& treasury, store::Store& store, const SignedTraffic& traffic) {
  for (int i = 0; i < kAgents; ++i) {
    const treasury::Holder holder{traffic.agents[static_cast<size_t>(i)].id(), 1};
    treasury.Greet(holder, 1, {}, WallNow());
    limits::Demand demand{.number = 1, .at = WallNow(), .claims = {}};
    for (const std::string& account : AccountsOf(i)) {
      demand.claims.emplace_back().account = account;
      demand.claims.back().amount = Amount(kGranted.units() / kAgents);
    }
    treasury.Ask(holder, std::move(demand));
  }
  std::vector<treasury::Settlement> none;
  store::Change change;
  double working_out = 0;
  return Turn(treasury, store, none, change, working_out);
}

struct Settled {
  double seconds = 0;
  double working_out = 0;  // of which the thread had a processor
  double processing = 0;   // the same, of all
  uint64_t settlements = 0;
  std::vector<store::Change> changes;
};

Result<Settled> Settle(const SignedTraffic& traffic, const std::string& directory) {
  ASSIGN_OR_RETURN(const auto store, store::OpenRocksStore({.directory = directory}));
  ASSIGN_OR_RETURN(const auto treasury, treasury::Treasury::Open(*store, 1, Terms(), {}));
  RETURN_IF_ERROR(GrantAll(*treasury, *store, traffic));
  ASSIGN_OR_RETURN(auto batches, Verified(traffic));
  Settled settled;
  const double before = ProcessorSeconds();
  const auto begin = std::chrono::steady_clock::now();
  for (intake::Batch& batch : batches) {
    settled.settlements += batch.settlements.size();
    RETURN_IF_ERROR(Turn(*treasury, *store, batch.settlements, batch.change, settled.working_out));
  }
  settled.processing = ProcessorSeconds() - before;
  settled.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  for (intake::Batch& batch : batches) settled.changes.push_back(std::move(batch.change));
  return settled;
}

// For the reference the rows stand by themselves: before the first batch there is nothing.
void CountVersionsAnew(std::vector<store::Change>& changes) {
  for (size_t i = 0; i < changes.size(); ++i) changes[i].ledger_expected = i;
}

Result<std::vector<Row>> MeasureSettlements(Arena& arena, const std::string& name) {
  const auto directory = [&](const char* what) {
    const fs::path path = arena.settings().site.directory / what;
    fs::remove_all(path);
    return path.string();
  };
  const auto table = Terms().limits;
  const Charging charging{table->WindowOf(table->limits().front(), WallNow())};
  const int frames = std::max(1, static_cast<int>(arena.settings().seconds * 200'000 / kAgents / 256));
  const SignedTraffic traffic = MakeTraffic(kAgents, frames, 64, charging);
  ASSIGN_OR_RETURN(Settled first, Settle(traffic, directory("settle")));
  CountVersionsAnew(first.changes);
  ASSIGN_OR_RETURN(const Rows rows, Rows::Of(first.changes, directory("scratch")));
  const auto settlements = static_cast<double>(first.settlements);
  std::vector<double> working_out;
  std::vector<double> processing;
  std::vector<double> bare;
  const auto measure = [&](size_t contestant) -> Result<double> {
    if (contestant == 0) {
      ASSIGN_OR_RETURN(const Settled again, Settle(traffic, directory("settle")));
      working_out.push_back(again.working_out / settlements * 1e6);
      processing.push_back(again.processing / settlements * 1e6);
      return settlements / again.seconds;
    }
    ASSIGN_OR_RETURN(const Rows::Written written, rows.Write(directory("bare")));
    bare.push_back(written.processing / settlements * 1e6);
    return settlements / written.seconds;
  };
  ASSIGN_OR_RETURN(const auto values, arena.Interleave<double>(2, measure));
  const Comparison comparison = Compare(values[0], values[1]);
  char text[160];
  std::snprintf(text, sizeof(text), "working out %.1f of %.1f, bare %.1f us of processor time a settlement",
                Median(working_out), Median(processing), Median(bare));
  return std::vector{
      Row{.name = name,
          .unit = "1/s",
          .ours = comparison.ours,
          .reference = comparison.reference,
          .reference_name = "bare RocksDB",
          .ratio = comparison.ratio,
          .note = std::to_string(first.settlements) + " settlements in five accounts each, with " +
                  std::to_string(traffic.events) + " events; " + std::to_string(rows.count()) + " rows, " +
                  std::to_string(first.changes.size()) + " synced writes; " + text}};
}

}  // namespace

std::vector<Trial> LedgerTrials() {
  const std::string name = "ledger/settlements-per-second";
  return {
      {.names = {name}, .load = {}, .run = [=](Arena& arena) { return MeasureSettlements(arena, name); }}};
}

}  // namespace postern::bench
