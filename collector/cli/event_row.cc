#include "collector/cli/event_row.h"

#include <charconv>

#include "collector/cli/output.h"

namespace postern::cli {
namespace {

int64_t Number(const json::Value& record, std::string_view field) {
  const std::string text = Cell(record, field);
  int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Words with single spaces between; empty ones are left out.
std::string Join(std::initializer_list<std::string> words) {
  std::string joined;
  for (const std::string& word : words) {
    if (!word.empty()) joined += (joined.empty() ? "" : " ") + word;
  }
  return joined;
}

std::string Outcome(const json::Value& event) {
  const int64_t cached = Number(event, "event.usage.cache_read") +
                         Number(event, "event.usage.cache_write_5m") +
                         Number(event, "event.usage.cache_write_1h");
  const std::string cost = Cell(event, "event.cost_nano_dollars");
  const bool estimated = Cell(event, "event.estimated") == "yes";
  return Join(
      {Cell(event, "event.status"), Cell(event, "event.ending"), Cell(event, "event.error_type"),
       "in " + std::to_string(Number(event, "event.usage.input")), "cache " + std::to_string(cached),
       "out " + std::to_string(Number(event, "event.usage.output")),
       cost.empty() ? "" : (estimated ? "~" : "") + FormatDollars(Number(event, "event.cost_nano_dollars"))});
}

std::string Refusal(const json::Value& event) {
  const int64_t times = Number(event, "event.times");
  return Join({Cell(event, "event.status"), Cell(event, "event.reason"), Cell(event, "event.rule"),
               times > 1 ? std::to_string(times) + " times" : ""});
}

std::string Administration(const json::Value& event) {
  return Join({Cell(event, "event.name"), Cell(event, "event.action"), Cell(event, "event.target"),
               Cell(event, "event.outcome"), Cell(event, "event.sentence")});
}

std::string Gap(const json::Value& event) {
  return Join({Cell(event, "event.reason") + ":", std::to_string(Number(event, "event.intents")), "requests,",
               std::to_string(Number(event, "event.outcomes")), "outcomes not recorded"});
}

// "redact anthropic-api-key tool_result of Read /repo/.env, message 7, 3f0c…": the fingerprint is what
// `postern secret allow` takes.
std::string Secret(const json::Value& event) {
  const std::string tool = Cell(event, "event.tool");
  const int64_t times = Number(event, "event.times");
  return Join({Cell(event, "event.action"), Cell(event, "event.secret_rule"), Cell(event, "event.part"),
               tool.empty() ? "" : "of " + tool, Cell(event, "event.path"),
               times > 1 ? std::to_string(times) + " times" : "", Cell(event, "event.fingerprint")});
}

std::string Detail(const json::Value& event) {
  const std::string kind = Cell(event, "kind");
  if (kind == "outcome") return Outcome(event);
  if (kind == "refusal") return Refusal(event);
  if (kind == "secret_found") return Secret(event);
  if (kind == "administration") return Administration(event);
  if (kind == "gap") return Gap(event);
  if (kind == "intent") return Join({Cell(event, "event.call"), Cell(event, "event.exchange")});
  if (kind == "policy_change")
    return Join({"version", Cell(event, "event.policy_version"), Cell(event, "event.outcome"),
                 Cell(event, "event.sentence")});
  if (kind == "enrolment") return Join({Cell(event, "event.agent"), Cell(event, "event.host")});
  return Join({Cell(event, "event.reason"), Cell(event, "event.program"), Cell(event, "event.agent_version"),
               Cell(event, "event.collector_version"), Cell(event, "event.sentence")});
}

// The host where it is known; the chain else, which is the collector's own for what administrators do.
std::string Place(const json::Value& event) {
  const std::string host = Cell(event, "host");
  return host.empty() ? Cell(event, "agent") : host;
}

}  // namespace

std::vector<command_line::Column> EventColumns() {
  return {{"LEAF", command_line::Align::kRight},
          {"TIME (UTC)"},
          {"KIND"},
          {"USER"},
          {"HOST"},
          {"MODEL"},
          {"DECISION"},
          {"DETAIL"}};
}

std::vector<std::string> EventCells(const json::Value& event) {
  const std::string time = Cell(event, "time");
  return {Cell(event, "leaf"),
          time.empty() ? Cell(event, "received_at") : time,
          Cell(event, "kind"),
          Cell(event, "user"),
          Place(event),
          Cell(event, "model"),
          Cell(event, "decision"),
          Detail(event)};
}

std::string FormatDollars(int64_t nano_dollars) {
  if (nano_dollars > 0 && nano_dollars < 100'000) return "<$0.0001";
  const int64_t units = nano_dollars / 100'000 + (nano_dollars % 100'000 >= 50'000 ? 1 : 0);
  std::string fraction = std::to_string(units % 10'000);
  fraction.insert(0, 4 - fraction.size(), '0');
  return "$" + std::to_string(units / 10'000) + "." + fraction;
}

}  // namespace postern::cli
