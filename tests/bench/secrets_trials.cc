// What scanning for secrets costs, by the built-in rules.
//
//   whole bodies         the linear view is made and scanned; and what Vectorscan alone takes of it, over the
//   view a body that is known a conversation's next turn: 2 KB more than what was scanned before deltas an
//   answer's text in pieces of 20 bytes, each scanned as it comes
#include <chrono>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "shared/secrets/built_in.h"
#include "shared/secrets/linear_view.h"
#include "shared/secrets/scanner.h"
#include "shared/secrets/session_memory.h"
#include "shared/secrets/stream_scan.h"
#include "tests/bench/conversation.h"
#include "tests/bench/statistics.h"
#include "tests/bench/trial.h"

namespace postern::bench {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

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
struct ScanLoad {
  std::string name;
  std::string unit;
  size_t size;
  size_t bodies;
  int rounds;
  // From bytes, bodies and seconds to the unit.
  std::function<double(double bytes, double bodies, double seconds)> figure;
};

Result<std::vector<Row>> Measure(Arena& arena, const ScanLoad& load) {
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

Row RowOf(const std::string& name, const std::string& unit, std::vector<double> figures,
          const std::string& note) {
  return {.name = name,
          .unit = unit,
          .ours = Median(std::move(figures)),
          .reference = kUnknown,
          .reference_name = "",
          .ratio = kUnknown,
          .note = note};
}

// The next turn of a conversation of about 1 MB: one exchange of 2 KB more.
Result<std::vector<Row>> MeasureKnown(Arena& arena) {
  constexpr int kRounds = 50;
  ASSIGN_OR_RETURN(const auto scanner, secrets::Scanner::Make(secrets::BuiltInRules(), {}));
  secrets::Workspace workspace(scanner);
  Conversation conversation(1 << 20, Streaming::kYes, 1);
  while (conversation.turn() < Conversation::kTurns / 2) conversation.Advance();
  const std::string history(conversation.history()), ending(conversation.ending());
  std::string more = R"(,{"role":"user","content":[{"type":"text","text":")";
  while (more.size() < 2'000) more += "and another line of what was said\\n";
  more += "\"}]}";
  secrets::SessionMemory memory(secrets::MemoryKey("the bench's key is of 32 letters"));
  const std::string before = history + ending, after = history + more + ending;
  size_t scanned = 0;
  std::vector<double> figures;
  for (int repetition = 0; repetition < arena.settings().repetitions; ++repetition) {
    double seconds = 0;
    for (int round = 0; round < kRounds; ++round) {
      ASSIGN_OR_RETURN(
          const auto first,
          secrets::ScanBody(
              {.scanner = scanner, .workspace = workspace, .body = before, .known = memory.KnownOf("")}));
      memory.Keep("", first);
      const secrets::Known known = memory.KnownOf("");
      Result<secrets::BodyScan> next = Error{ErrorCode::kUnavailable, "not scanned"};
      seconds += Seconds([&] {
        next = secrets::ScanBody({.scanner = scanner, .workspace = workspace, .body = after, .known = known});
      });
      if (!next) return next.error();
      scanned = next->scanned;
    }
    figures.push_back(seconds / kRounds * 1e6);
  }
  return std::vector{
      RowOf("secrets/scan-us/known-1MB", "us", std::move(figures),
            std::to_string(after.size()) + " bytes, of which " + std::to_string(scanned) + " are looked at")};
}

// The text of a conversation as an answer.
Result<std::vector<Row>> MeasureDeltas(Arena& arena) {
  constexpr size_t kDelta = 20, kAnswer = 20'000;
  ASSIGN_OR_RETURN(const auto scanner, secrets::Scanner::Make(secrets::BuiltInRules(), {}));
  secrets::Workspace workspace(scanner);
  const std::string body = Bodies(1 << 20, 1).front();
  ASSIGN_OR_RETURN(const auto view, secrets::LinearView(body));
  const std::string_view text = view.text().substr(0, view.text().size() / kAnswer * kAnswer);
  size_t failed = 0, held = 0;
  std::vector<double> figures;
  for (int repetition = 0; repetition < arena.settings().repetitions; ++repetition) {
    const double seconds = Seconds([&] {
      for (size_t answer = 0; answer < text.size(); answer += kAnswer) {
        secrets::StreamScan scan(
            {.scanner = scanner,
             .replace = [](const secrets::Finding&, std::string_view) { return "REDACTED"; }});
        for (size_t at = answer; at < answer + kAnswer; at += kDelta) {
          failed += scan.Feed(text.substr(at, kDelta), workspace) ? 0 : 1;
          held += scan.held() > 0 ? 1 : 0;
        }
        failed += scan.Finish(workspace) ? 0 : 1;
      }
    });
    figures.push_back(seconds / static_cast<double>(text.size() / kDelta) * 1e9);
  }
  if (failed > 0) return Error{ErrorCode::kUnavailable, "secrets/delta-ns: an answer could not be scanned"};
  const size_t deltas = text.size() / kDelta * static_cast<size_t>(arena.settings().repetitions);
  return std::vector{
      RowOf("secrets/delta-ns", "ns", std::move(figures),
            "20 bytes each; of 1,000 deltas " + std::to_string(held * 1'000 / deltas) + " held something")};
}

Trial TrialOf(const ScanLoad& load) {
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
                   .figure = [](double, double bodies, double seconds) { return seconds / bodies * 1e6; }}),
          {.names = {"secrets/scan-us/known-1MB"}, .load = {}, .run = MeasureKnown},
          {.names = {"secrets/delta-ns"}, .load = {}, .run = MeasureDeltas}};
}

}  // namespace postern::bench
