#include "collector/cli/policy_explain.h"

#include <charconv>
#include <optional>
#include <ostream>

#include "collector/cli/api.h"
#include "collector/cli/output.h"
#include "collector/cli/policy_output.h"
#include "collector/cli/recorded_question.h"
#include "shared/base/clock.h"
#include "shared/command_line/times.h"
#include "shared/json/writer.h"
#include "shared/rest/message.h"
#include "shared/tokens/token.h"

namespace postern::cli {
namespace {

constexpr uint64_t kMostTokens = 1'000'000'000;

struct TextOption {
  std::string_view option;
  std::string_view field;
};
constexpr TextOption kTexts[] = {{"key", "key"},
                                 {"user", "user"},
                                 {"team", "team"},
                                 {"host", "host"},
                                 {"os-user", "os_user"},
                                 {"os-user-number", "os_user_number"},
                                 {"provider", "provider"},
                                 {"model", "model"},
                                 {"forced-tool", "forced_tool"},
                                 {"path", "path"},
                                 {"secret-rule", "secret_rule"}};
constexpr TextOption kLists[] = {
    {"residency", "residency"}, {"credential", "credentials"}, {"tool", "tools"}};
constexpr TextOption kNumbers[] = {{"max-tokens", "max_tokens"}, {"context-tokens", "context_tokens"}};

// A key's id stands in the record; a whole key must not.
Status RefuseToken(const std::string& text) {
  if (tokens::Redacted(text) == text) return Ok{};
  return Error{ErrorCode::kInvalid, "that is a whole token, which nobody should see; its id alone is wanted"};
}

Status WriteTime(const Invocation& call, json::Writer& out) {
  const auto text = call.arguments.Value("at");
  if (!text) return Ok{};
  std::optional<WallTime> time = command_line::ParseSince(*text, WallNow());
  if (!time) {
    if (const auto to_come = command_line::ParseUntil(*text, WallNow())) time = *to_come;
  }
  if (!time)
    return Error{ErrorCode::kInvalid,
                 "--at: found \"" + *text + "\", allowed is " + std::string(command_line::kSinceForms)};
  out.Text("at", FormatRfc3339(*time));
  return Ok{};
}

Result<std::string> QuestionOf(const Invocation& call) {
  json::Writer out;
  out.BeginObject();
  for (const auto& [option, field] : kTexts) {
    const auto value = call.arguments.Value(option);
    if (!value) continue;
    RETURN_IF_ERROR(RefuseToken(*value));
    out.Text(field, *value);
  }
  for (const auto& [option, field] : kLists) {
    if (call.arguments.Has(option)) out.Texts(field, call.arguments.List(option));
  }
  for (const auto& [option, field] : kNumbers) {
    ASSIGN_OR_RETURN(const auto number, call.arguments.Number(option, 0, kMostTokens));
    if (number) out.Integer(field, *number);
  }
  RETURN_IF_ERROR(WriteTime(call, out));
  if (const auto version = call.arguments.Value("version")) {
    ASSIGN_OR_RETURN(const uint64_t number, VersionIn(*version));
    out.Integer("version", number);
  }
  out.EndObject();
  return out.Take();
}

// What was asked for first: an intent, or a refusal without one.
std::optional<json::Value> Beginning(const std::vector<json::Value>& events) {
  for (const json::Value& event : events) {
    const std::string kind = Cell(event, "kind");
    if (kind == "intent" || kind == "refusal") return event;
  }
  return std::nullopt;
}

struct Recorded {
  std::vector<json::Value> events;
  std::string question;
};

Result<Recorded> FindExchange(const Api& api, const std::string& id) {
  RETURN_IF_ERROR(RefuseToken(id));
  ASSIGN_OR_RETURN(const json::Value answer, api.Get("/v1/events/" + rest::Escape(id)));
  ASSIGN_OR_RETURN(const json::Object object, answer.AsOpenObject());
  ASSIGN_OR_RETURN(const json::Value items, object.Require("items"));
  Recorded recorded;
  ASSIGN_OR_RETURN(recorded.events, items.AsList());
  const auto first = Beginning(recorded.events);
  if (!first)
    return Error{ErrorCode::kNotFound, "that is no exchange: it has neither an intent nor a refusal"};
  recorded.question = RecordedQuestion(*first);
  return recorded;
}

// What the host decided then, with all that it knew.
void PrintRecorded(const Invocation& call, const std::vector<json::Value>& events) {
  for (const json::Value& event : events) {
    std::string line = Cell(event, "time") + "  " + Cell(event, "kind");
    for (const auto& [label, field] : {std::pair("", "event.error_type"),
                                       {"by ", "event.rule"},
                                       {"version ", "event.policy_version"},
                                       {"", "event.ending"},
                                       {"", "event.sentence"}}) {
      if (const std::string value = Cell(event, field); !value.empty())
        line += std::string("  ") + label + value;
    }
    call.out << command_line::Harmless(line) << '\n';
  }
  call.out << "\nWhat the policy says of it, as far as the record tells what it was:\n";
}

Status Explain(const Invocation& call) {
  std::optional<Recorded> recorded;
  ASSIGN_OR_RETURN(std::string question, QuestionOf(call));
  const bool by_exchange = call.word_count() > 0;
  if (!by_exchange && question == "{}") return Error{ErrorCode::kInvalid, "say what is asked: see --help"};
  ASSIGN_OR_RETURN(const Api api, Api::Open());
  if (by_exchange) {
    ASSIGN_OR_RETURN(recorded, FindExchange(api, call.word(0)));
    ASSIGN_OR_RETURN(question, Supplemented(recorded->question, question));
  }
  ASSIGN_OR_RETURN(const json::Value explanation, api.Post("/v1/policy/explain", question));
  if (call.arguments.Has("json")) {
    call.out << JsonText(explanation) << '\n';
    return Ok{};
  }
  if (recorded) PrintRecorded(call, recorded->events);
  PrintExplanation(call.out, explanation);
  return Ok{};
}

std::vector<command_line::Option> Options() {
  return {
      {.name = "key", .value = "ID", .sentence = "With this key; user, team and credentials follow from it."},
      {.name = "user", .value = "USER", .sentence = "Of this user, without a key."},
      {.name = "team", .value = "TEAM", .sentence = "Of anybody in this team."},
      {.name = "model", .value = "MODEL", .sentence = "This model; left out: whether anything may be done."},
      {.name = "tool", .value = "NAME,…", .sentence = "With these tools; type:… for a server tool's type."},
      {.name = "forced-tool", .value = "NAME", .sentence = "Where this tool must be used."},
      {.name = "max-tokens", .value = "N", .sentence = "For an answer of at most so many tokens."},
      {.name = "context-tokens", .value = "N", .sentence = "With a prompt of so many tokens."},
      {.name = "host", .value = "HOST", .sentence = "On this host."},
      {.name = "os-user", .value = "NAME", .sentence = "By a program of this OS user."},
      {.name = "os-user-number", .value = "UID", .sentence = "The same by its number."},
      {.name = "provider", .value = "NAME", .sentence = "At this provider; that of the first credential."},
      {.name = "residency", .value = "TAG,…", .sentence = "Where the provider has these tags."},
      {.name = "credential",
       .value = "NAME,…",
       .sentence = "With these credentials; those of the key or team."},
      {.name = "path", .value = "PATH", .sentence = "For a secret that stands in this file."},
      {.name = "secret-rule", .value = "RULE", .sentence = "For a secret that this rule finds."},
      {.name = "at", .value = "TIME", .sentence = "At this time; now where it is left out."},
      {.name = "version", .value = "N", .sentence = "By this version of the policy; the one in force."},
      kJsonOption};
}

}  // namespace

Result<uint64_t> VersionIn(const std::string& text) {
  uint64_t version = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, version);
  if (parsed.ec == std::errc() && parsed.ptr == end && version > 0) return version;
  return Error{ErrorCode::kInvalid, "the number of a version is wanted, such as 14"};
}

std::vector<command_line::Command> ExplainCommands() {
  return {
      {.name = "policy explain",
       .words = "[EXCHANGE]",
       .sentence = "Says why something would be allowed or refused, or why an exchange was: level by level.",
       .details = "An exchange is named by its request id (req_…), which the client and the record show. "
                  "What is left "
                  "out isn't known; where a rule speaks of it, that refuses, as it does on a host. Beside an "
                  "exchange, options say what its record doesn't tell, such as how long its prompt was, or "
                  "what is to be asked instead.\n\n"
                  "  PROGRAM policy explain --user alice@example.com --model claude-opus-5-5 --tool Bash\n"
                  "  PROGRAM policy explain --team ml --path /repo/.env --secret-rule gitlab-pat\n"
                  "  PROGRAM policy explain req_0123456789 --context-tokens 180000",
       .options = Options(),
       .run = Run<Explain>}};
}

}  // namespace postern::cli
