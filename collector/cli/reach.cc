#include "collector/cli/reach.h"

#include <algorithm>
#include <chrono>
#include <ostream>

#include "shared/json/writer.h"

namespace postern::cli {
namespace {

constexpr uint64_t kWaits = 60;  // seconds, where --timeout is left out
constexpr uint64_t kMostWaits = 86'400;
constexpr int64_t kLook = 2;  // seconds of one call, after which it is told how far it is

// Whom it has reached, as the API says it.
struct Reach {
  json::Value value;
  int64_t revision = 0, holders = 0, acknowledged = 0;
  std::vector<json::Value> others;

  // A host that has said no is not waited for.
  bool waiting() const {
    return std::any_of(others.begin(), others.end(),
                       [](const json::Value& other) { return Cell(other, "why") == "waiting"; });
  }
};

Result<Reach> ReadReach(const json::Value& value) {
  Reach reach{.value = value, .others = {}};
  ASSIGN_OR_RETURN(const json::Object object, value.AsOpenObject());
  ASSIGN_OR_RETURN(reach.revision, object.Integer("revision", 0, INT64_MAX));
  ASSIGN_OR_RETURN(reach.holders, object.Integer("holders", 0, INT64_MAX));
  ASSIGN_OR_RETURN(reach.acknowledged, object.Integer("acknowledged", 0, INT64_MAX));
  ASSIGN_OR_RETURN(const json::Value others, object.Require("others"));
  ASSIGN_OR_RETURN(reach.others, others.AsList());
  return reach;
}

std::string Hosts(int64_t count) { return std::to_string(count) + (count == 1 ? " host" : " hosts"); }

void TellProgress(const Invocation& call, const Reach& reach) {
  if (reach.holders == 0) return;
  call.err << ProgressText(reach.acknowledged, reach.holders) << '\n' << std::flush;
}

class Waiting {
 public:
  Waiting(const Invocation& call, const Change& change, uint64_t seconds)
      : call_(call), change_(change), end_(Clock::now() + std::chrono::seconds(seconds)) {}

  Query FirstQuery() const { return {{"wait", std::to_string(Rest())}}; }

  // Asks until nobody is waited for or the time is over.
  Result<Reach> GoOn(const Api& api, Reach reach) const {
    TellProgress(call_, reach);
    while (reach.waiting() && Clock::now() < end_) {
      const Query query{{"kind", std::string(change_.kind)},
                        {"id", change_.id},
                        {"revision", std::to_string(reach.revision)},
                        {"wait", std::to_string(Rest())}};
      ASSIGN_OR_RETURN(const json::Value answer, api.Get("/v1/reach", query));
      const int64_t before = reach.acknowledged;
      ASSIGN_OR_RETURN(reach, ReadReach(answer));
      if (reach.acknowledged != before) TellProgress(call_, reach);
    }
    return reach;
  }

 private:
  using Clock = std::chrono::steady_clock;
  int64_t Rest() const {
    const auto rest = std::chrono::ceil<std::chrono::seconds>(end_ - Clock::now()).count();
    return std::clamp<int64_t>(rest, 0, kLook);
  }

  const Invocation& call_;
  const Change& change_;
  const Clock::time_point end_;
};

// The answer without its reach, or with another.
std::string With(const json::Object& answer, const Reach* reach) {
  json::Writer out;
  out.BeginObject();
  for (const auto& [name, field] : answer.Fields()) {
    if (name != "reach") out.Copy(name, field);
    else if (reach != nullptr) out.Copy(name, reach->value);
  }
  out.EndObject();
  return out.Take();
}

Status Print(const Invocation& call, const Change& change, const json::Object& answer, const Reach* reach) {
  if (call.arguments.Has("json")) {
    call.out << With(answer, reach) << '\n';
    return Ok{};
  }
  ASSIGN_OR_RETURN(const json::Value record, json::Parse(With(answer, nullptr)));
  if (change.print) change.print(record);
  else PrintRecord(call, record);
  return Ok{};
}

Status NameOthers(const Invocation& call, const Reach& reach) {
  const bool waits = call.arguments.Has("wait");
  size_t named = 0;
  for (const json::Value& other : reach.others) {
    // Who doesn't wait hasn't given them the time to.
    if (!waits && Cell(other, "why") == "waiting") continue;
    call.err << Cell(other, "agent") << ": " << command_line::Harmless(Cell(other, "sentence")) << ".\n";
    ++named;
  }
  if (!waits || named == 0) return Ok{};
  return Error{ErrorCode::kDenied,
               "it is done; " + Hosts(static_cast<int64_t>(named)) + " may go on for a while"};
}

std::vector<command_line::Option> OptionsWith(const char* what_it_waits_for) {
  return {{.name = "wait", .sentence = what_it_waits_for},
          {.name = "timeout",
           .value = "SECONDS",
           .sentence = "With --wait: it waits at most so long; 60 where it is left out."}};
}

}  // namespace

std::string ProgressText(int64_t acknowledged, int64_t holders) {
  const bool is_one = holders == 1;
  return std::to_string(acknowledged) + " of " + Hosts(holders) + " that " + (is_one ? "holds" : "hold") +
         " it " + (is_one || acknowledged == 1 ? "has" : "have") + " acknowledged";
}

std::vector<command_line::Option> WaitOptions() {
  return OptionsWith(
      "Ends when every connected host that holds it has acknowledged; names the others with the time until "
      "which they may go on, and then exits with 1.");
}

std::vector<command_line::Option> PolicyWaitOptions() {
  return OptionsWith(
      "Ends when every connected host has put this version in force; names the others with the time until "
      "which they may go on by the one before, and then exits with 1.");
}

Status MakeChange(const Invocation& call, const Change& change) {
  ASSIGN_OR_RETURN(const auto timeout, call.arguments.Number("timeout", 0, kMostWaits));
  const bool waits = call.arguments.Has("wait");
  if (timeout && !waits) return Error{ErrorCode::kInvalid, "--timeout goes with --wait"};
  ASSIGN_OR_RETURN(const Api api, Api::Open());
  const Waiting waiting(call, change, waits ? timeout.value_or(kWaits) : 0);
  ASSIGN_OR_RETURN(const json::Value made, change.make(api, waiting.FirstQuery()));
  ASSIGN_OR_RETURN(const json::Object answer, made.AsOpenObject());
  const auto told = answer.Find("reach");
  if (!told || told->is_null()) {
    RETURN_IF_ERROR(Print(call, change, answer, nullptr));
    if (!waits) return Ok{};
    return Error{ErrorCode::kUnavailable, "it is done, but the collector can't say whom it has reached"};
  }
  ASSIGN_OR_RETURN(Reach reach, ReadReach(*told));
  if (waits) {
    ASSIGN_OR_RETURN(reach, waiting.GoOn(api, std::move(reach)));
  }
  RETURN_IF_ERROR(Print(call, change, answer, &reach));
  return NameOthers(call, reach);
}

}  // namespace postern::cli
