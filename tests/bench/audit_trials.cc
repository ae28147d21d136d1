// The collector's store: how fast signed events come in and reach the disk, what they take there, and how
// long questions take.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <random>

#include "collector/store/rocks_store.h"
#include "tests/bench/ingest.h"
#include "tests/bench/statistics.h"
#include "tests/bench/trial.h"

namespace postern::bench {
namespace {

namespace fs = std::filesystem;

constexpr int kAgents = 64;
constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

std::string FreshDirectory(const Arena& arena, const char* name) {
  const fs::path directory = arena.settings().site.directory / name;
  fs::remove_all(directory);
  return directory.string();
}

// Enough for about half a second.
SignedTraffic TrafficOf(const Arena& arena, int events_a_seal) {
  const double events = arena.settings().seconds * (events_a_seal > 2 ? 60'000 : 30'000);
  const int events_a_frame = events_a_seal > 2 ? 256 : 128;
  return MakeTraffic(kAgents, std::max(1, static_cast<int>(events / kAgents / events_a_frame)),
                     events_a_seal);
}

// "decoding 3.1, verifying 9.0, committing 6.2; bare 4.1 us of processor time an event"
std::string DescribeProcessing(const std::vector<Processing>& ours, const std::vector<double>& bare,
                               double events) {
  const auto median = [&](auto&& part) {
    std::vector<double> values;
    for (const Processing& processing : ours) values.push_back(part(processing) / events * 1e6);
    return Median(values);
  };
  char text[160];
  std::snprintf(text, sizeof(text),
                "decoding %.1f, verifying %.1f, committing %.1f; bare %.1f us of processor time an event",
                median([](const Processing& p) { return p.decoding; }),
                median([](const Processing& p) { return p.verifying; }),
                median([](const Processing& p) { return p.committing; }), Median(bare) / events * 1e6);
  return text;
}

Result<std::vector<Row>> MeasureIngest(Arena& arena, const std::string& name, int events_a_seal) {
  const SignedTraffic traffic = TrafficOf(arena, events_a_seal);
  const auto events = static_cast<double>(traffic.events);
  ASSIGN_OR_RETURN(const Ingested first, Ingest(traffic, FreshDirectory(arena, "ingest")));
  ASSIGN_OR_RETURN(const Rows rows, Rows::Of(first.changes, FreshDirectory(arena, "scratch")));
  std::vector<Processing> processing;
  std::vector<double> bare_processing;
  const auto measure = [&](size_t contestant) -> Result<double> {
    if (contestant == 0) {
      ASSIGN_OR_RETURN(const Ingested again, Ingest(traffic, FreshDirectory(arena, "ingest")));
      processing.push_back(again.processing);
      return events / again.seconds;
    }
    ASSIGN_OR_RETURN(const Rows::Written written, rows.Write(FreshDirectory(arena, "bare")));
    bare_processing.push_back(written.processing);
    return events / written.seconds;
  };
  ASSIGN_OR_RETURN(const auto values, arena.Interleave<double>(2, measure));
  const Comparison comparison = Compare(values[0], values[1]);
  return std::vector{Row{.name = name,
                         .unit = "1/s",
                         .ours = comparison.ours,
                         .reference = comparison.reference,
                         .reference_name = "bare RocksDB",
                         .ratio = comparison.ratio,
                         .note = std::to_string(traffic.events) + " events, " + std::to_string(rows.count()) +
                                 " rows, " + std::to_string(first.changes.size()) + " synced writes; " +
                                 DescribeProcessing(processing, bare_processing, events)}};
}

Result<std::vector<Row>> MeasureSize(Arena& arena, const std::string& name) {
  const SignedTraffic traffic = TrafficOf(arena, 64);
  const std::string directory = FreshDirectory(arena, "size");
  RETURN_IF_ERROR([&]() -> Status {
    ASSIGN_OR_RETURN(const Ingested ingested, Ingest(traffic, directory));
    return Ok{};
  }());
  RETURN_IF_ERROR(store::Compact(directory));
  uint64_t bytes = 0;
  for (const auto& file : fs::directory_iterator(directory)) {
    if (file.path().extension() == ".sst") bytes += file.file_size();
  }
  const auto events = static_cast<double>(traffic.events);
  const double ours = static_cast<double>(bytes) / events;
  const double bodies = static_cast<double>(traffic.event_bytes) / events;
  return std::vector{Row{.name = name,
                         .unit = "B",
                         .ours = ours,
                         .reference = bodies,
                         .reference_name = "as sent",
                         .ratio = ours / bodies,
                         .note = "everything, indexes and sums included, compacted"}};
}

// ── questions ──────────────────────────────────────────────────────────────────────────────────────────────

constexpr int kDays = 30;
constexpr int kUsers = 200;
constexpr int64_t kBegin = 1'795'392'000;  // 2026-11-23T00:00:00Z
constexpr int kRareEvery = 61;             // of one user's exchanges, one uses the rare model

// Of person 7's exchanges, those that use the rare model: at the month's beginning, middle and end.
bool IsRareForSeven(int exchange) { return exchange == 10 || exchange == 700 || exchange == 1300; }

// A month of an organisation: 400 exchanges an hour by 200 people. Everybody uses the rare model now and
// then, and person 7 hardly ever.
Result<std::unique_ptr<store::Store>> OpenMonth(const std::string& directory, uint64_t& events) {
  ASSIGN_OR_RETURN(auto store, store::OpenRocksStore({.directory = directory}));
  std::mt19937 random(5);
  store::Chain chain;
  chain.agent = "host10000000";
  chain.incarnation = 1;
  int of_seven = 0;
  for (int hour = 0; hour < kDays * 24; ++hour) {
    store::Change change;
    const uint64_t expected = chain.sequence;
    for (int i = 0; i < 400; ++i) {
      const int user = static_cast<int>(random() % kUsers);
      const bool is_rare = user == 7 ? IsRareForSeven(++of_seven) : random() % kRareEvery == 0;
      const WallTime time(std::chrono::seconds(kBegin + hour * 3600 + i * 9));
      for (const char* kind : {"intent", "outcome"}) {
        store::NewEvent event;
        event.bytes = "event " + std::to_string(random());
        event.entry = {.agent = chain.agent,
                       .incarnation = 1,
                       .sequence = ++chain.sequence,
                       .received_at = time,
                       .event = crypto::Sha256(event.bytes)};
        event.facts = {.time = time,
                       .kind = kind,
                       .organisation = "example",
                       .team = "team" + std::to_string(user % 8),
                       .user = "person" + std::to_string(user) + "@example.com",
                       .key = "k" + std::to_string(10'000'000'000 + user),
                       .model = is_rare ? "rare" : "model" + std::to_string(random() % 3),
                       .session = "session-" + std::to_string(user) + "-" + std::to_string(hour / 3),
                       .host = "build-" + std::to_string(user)};
        if (*kind == 'o') event.spending = {.requests = 1, .input = 10, .output = 100, .nano_dollars = 1000};
        change.events.push_back(std::move(event));
      }
    }
    change.chains.push_back({chain, expected});
    RETURN_IF_ERROR([&]() -> Status {
      ASSIGN_OR_RETURN(const store::Receipt receipt, store->Commit(change));
      events = receipt.log_size;
      return Ok{};
    }());
  }
  return store;
}

// Milliseconds of one question, the median of many.
Result<Row> MeasureQuestion(const Arena& arena, const std::string& name, uint64_t events,
                            const std::function<Result<size_t>()>& ask) {
  std::vector<double> times;
  size_t rows = 0;
  for (int i = 0; i < arena.settings().repetitions * 10; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    ASSIGN_OR_RETURN(rows, ask());
    times.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
  }
  return Row{.name = name,
             .unit = "ms",
             .ours = Median(times),
             .reference = kUnknown,
             .reference_name = "",
             .ratio = kUnknown,
             .note = std::to_string(rows) + " rows of " + std::to_string(events) + " events"};
}

Result<std::vector<Row>> MeasureQueries(Arena& arena, const std::vector<std::string>& names) {
  uint64_t events = 0;
  ASSIGN_OR_RETURN(const auto store, OpenMonth(FreshDirectory(arena, "month"), events));
  const auto find = [&](const store::EventFilter& filter) -> Result<size_t> {
    ASSIGN_OR_RETURN(const store::EventPage page, store->Find(filter, {}, 100));
    return page.events.size();
  };
  std::vector<Row> rows;
  ASSIGN_OR_RETURN(Row pair, MeasureQuestion(arena, names[0], events, [&] {
                     return find({.user = "person42@example.com", .model = "model1"});
                   }));
  ASSIGN_OR_RETURN(Row sparse, MeasureQuestion(arena, names[1], events, [&] {
                     return find({.user = "person7@example.com", .model = "rare"});
                   }));
  ASSIGN_OR_RETURN(Row sums, MeasureQuestion(arena, names[2], events, [&]() -> Result<size_t> {
                     const WallTime from{std::chrono::seconds(kBegin)};
                     ASSIGN_OR_RETURN(
                         const auto found,
                         store->Sum({.from = from,
                                     .to = from + std::chrono::days(kDays),
                                     .by = {store::Dimension::kUser, store::Dimension::kModel}}));
                     return found.size();
                   }));
  return std::vector<Row>{pair, sparse, sums};
}

}  // namespace

std::vector<Trial> AuditTrials() {
  const std::string ingest = "audit/ingest-per-second";
  const std::string sealed_often = ingest + "/seal-2";
  const std::string size = "audit/bytes-per-event";
  const std::vector<std::string> queries = {"audit/query-ms/pair", "audit/query-ms/sparse-pair",
                                            "audit/query-ms/month-sums"};
  return {
      {.names = {ingest}, .load = {}, .run = [=](Arena& arena) { return MeasureIngest(arena, ingest, 64); }},
      {.names = {sealed_often},
       .load = {},
       .run = [=](Arena& arena) { return MeasureIngest(arena, sealed_often, 2); }},
      {.names = {size}, .load = {}, .run = [=](Arena& arena) { return MeasureSize(arena, size); }},
      {.names = queries, .load = {}, .run = [=](Arena& arena) { return MeasureQueries(arena, queries); }}};
}

}  // namespace postern::bench
