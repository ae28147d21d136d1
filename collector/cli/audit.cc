#include "collector/cli/audit.h"

#include <optional>
#include <ostream>

#include "collector/cli/event_row.h"
#include "collector/cli/filters.h"
#include "collector/cli/output.h"
#include "shared/command_line/table.h"
#include "shared/rest/message.h"
#include "shared/tokens/token.h"

namespace postern::cli {
namespace {

using command_line::Join;
using command_line::Option;
using command_line::Table;

constexpr uint64_t kRowsByDefault = 100;
constexpr uint64_t kMostRows = 10'000'000;
constexpr uint64_t kLargestPage = 1000;

void PrintLines(const Invocation& call, const std::vector<json::Value>& events) {
  for (const json::Value& event : events) call.out << JsonText(event) << '\n';
}

// Where the rows of a question go: a table, or a line of JSON each.
class Rows {
 public:
  explicit Rows(const Invocation& call) : call_(call), table_(EventColumns()) {}
  void Print(const std::vector<json::Value>& events) {
    if (call_.arguments.Has("jsonl")) return PrintLines(call_, events);
    for (const json::Value& event : events) table_.Add(EventCells(event));
    table_.Print(call_.out);
  }

 private:
  const Invocation& call_;
  Table table_;
};

struct EventPage {
  json::Value whole;
  std::vector<json::Value> events;
  std::optional<std::string> next;
};

Result<EventPage> ReadPage(const Api& api, const Query& query) {
  ASSIGN_OR_RETURN(json::Value answer, api.Get("/v1/events", query));
  ASSIGN_OR_RETURN(const json::Object page, answer.AsOpenObject());
  ASSIGN_OR_RETURN(const json::Value items, page.Require("items"));
  ASSIGN_OR_RETURN(auto events, items.AsList());
  ASSIGN_OR_RETURN(auto next, page.OptionalText("next"));
  return EventPage{std::move(answer), std::move(events), std::move(next)};
}

Query With(Query query, const std::string& name, const std::string& value) {
  query.emplace_back(name, value);
  return query;
}

// One page as the API gives it.
Status QueryJson(const Invocation& call, const Api& api, const Query& filter, uint64_t limit) {
  Query query = With(filter, "limit", std::to_string(std::min(limit, kLargestPage)));
  if (const auto cursor = call.arguments.Value("cursor")) query.emplace_back("cursor", *cursor);
  ASSIGN_OR_RETURN(const EventPage page, ReadPage(api, query));
  call.out << JsonText(page.whole) << '\n';
  return Ok{};
}

Status QueryEvents(const Invocation& call) {
  ASSIGN_OR_RETURN(const Query filter, FilterQuery(call));
  ASSIGN_OR_RETURN(const auto wanted, call.arguments.Number("limit", 1, kMostRows));
  ASSIGN_OR_RETURN(const Api api, Api::Open());
  const bool all = call.arguments.Has("all");
  uint64_t left = wanted.value_or(all ? kMostRows : kRowsByDefault);
  if (call.arguments.Has("json")) return QueryJson(call, api, filter, left);
  Rows rows(call);
  std::optional<std::string> cursor = call.arguments.Value("cursor");
  do {
    Query query = With(filter, "limit", std::to_string(std::min(left, kLargestPage)));
    if (cursor) query.emplace_back("cursor", *cursor);
    ASSIGN_OR_RETURN(const EventPage page, ReadPage(api, query));
    rows.Print(page.events);
    left -= std::min<uint64_t>(left, page.events.size());
    cursor = page.next;
  } while (cursor && left > 0 && call.out.good());
  if (cursor) call.err << "There are more: --all, or --cursor " << *cursor << '\n';
  return Ok{};
}

// The newest events' end: what comes after it is new.
Result<std::string> NewestLeaf(const Api& api, const Query& filter) {
  ASSIGN_OR_RETURN(const json::Value answer, api.Get("/v1/events", With(filter, "limit", "1")));
  ASSIGN_OR_RETURN(const json::Object page, answer.AsOpenObject());
  ASSIGN_OR_RETURN(const int64_t last, page.Integer("last", -1, INT64_MAX));
  return std::to_string(last);
}

Status TailEvents(const Invocation& call) {
  ASSIGN_OR_RETURN(const Query filter, FilterQuery(call));
  ASSIGN_OR_RETURN(const Api api, Api::Open());
  std::string after;
  if (const auto given = call.arguments.Value("after")) {
    after = *given;
  } else {
    ASSIGN_OR_RETURN(after, NewestLeaf(api, filter));
  }
  const bool as_json = call.arguments.Has("jsonl") || call.arguments.Has("json");
  Table table(EventColumns());
  Status understood = Ok{};
  const auto take = [&](std::string_view line) {
    if (line.empty()) return call.out.good();  // the connection lives
    const auto event = json::Parse(line);
    if (!event) {
      understood =
          Error{ErrorCode::kCorrupt, "the collector's line is not understood: " + event.error().message};
      return false;
    }
    if (as_json) {
      call.out << JsonText(*event) << std::endl;
    } else {
      table.Add(EventCells(*event));
      table.Print(call.out);
      call.out.flush();
    }
    return call.out.good();
  };
  RETURN_IF_ERROR(api.Follow("/v1/events", With(filter, "after", after), take));
  RETURN_IF_ERROR(understood);
  if (!call.out.good()) return Ok{};
  return Error{ErrorCode::kUnavailable, "the collector has ended the tail; it may be stopping"};
}

Status ShowEvent(const Invocation& call) {
  const std::string& id = call.word(0);
  if (tokens::Redacted(id) != id)
    return Error{ErrorCode::kInvalid, "that is a token; a place in the log or a request id is wanted"};
  ASSIGN_OR_RETURN(const Api api, Api::Open());
  ASSIGN_OR_RETURN(const json::Value answer, api.Get("/v1/events/" + rest::Escape(id)));
  if (call.arguments.Has("json")) {
    call.out << JsonText(answer) << '\n';
    return Ok{};
  }
  ASSIGN_OR_RETURN(const json::Object object, answer.AsOpenObject());
  ASSIGN_OR_RETURN(const json::Value items, object.Require("items"));
  ASSIGN_OR_RETURN(const auto events, items.AsList());
  if (call.arguments.Has("jsonl")) {
    PrintLines(call, events);
    return Ok{};
  }
  for (size_t i = 0; i < events.size(); ++i) {
    if (i > 0) call.out << '\n';
    PrintRecord(call, events[i]);
  }
  return Ok{};
}

const Option kJsonLines{.name = "jsonl", .sentence = "Prints JSON Lines: an event a line."};

std::vector<Option> EventFilters() {
  return Join(
      FilterOptions(),
      {{.name = "session", .value = "ID", .sentence = "Only of this session of Claude Code."},
       {.name = "kind",
        .value = "KIND",
        .sentence = "Only of this kind.",
        .choices = {"start", "stop", "intent", "outcome", "refusal", "secret_found", "policy_change", "gap",
                    "key_first_used", "administration", "enrolment", "alarm", "collector_start"}},
       {.name = "decision",
        .value = "DECISION",
        .sentence = "Only what was allowed, or refused.",
        .choices = {"allowed", "refused"}},
       {.name = "agent",
        .value = "ID",
        .sentence = "Only of the chain of this agent; collector is the collector's own."}});
}

}  // namespace

std::vector<command_line::Command> AuditCommands() {
  return {
      {.name = "audit query",
       .sentence = "Shows events, the newest first.",
       .details =
           "A page of 100 where nothing else is said. --json prints one page as the API gives it, with the "
           "cursor of the next.\n\n  PROGRAM audit query --since 2h --decision refused\n"
           "  PROGRAM audit query --kind administration --jsonl --all > administration.jsonl",
       .options = Join(EventFilters(),
                       {{.name = "limit", .value = "N", .sentence = "At most so many."},
                        {.name = "all", .sentence = "All pages."},
                        {.name = "cursor", .value = "CURSOR", .sentence = "Where an earlier page ended."},
                        kJsonOption,
                        kJsonLines}),
       .run = Run<QueryEvents>},
      {.name = "audit tail",
       .sentence = "Shows events as they come, until it is interrupted.",
       .options = Join(
           EventFilters(),
           {{.name = "after",
             .value = "LEAF",
             .sentence = "Begins after this place in the log; -1 at its beginning. Else with what is new."},
            kJsonOption,
            kJsonLines}),
       .run = Run<TailEvents>},
      {.name = "audit show",
       .words = "ID",
       .sentence = "Shows one event whole by its place in the log, or all of one exchange by its request id.",
       .options = {kJsonOption, kJsonLines},
       .run = Run<ShowEvent>},
  };
}

}  // namespace postern::cli
