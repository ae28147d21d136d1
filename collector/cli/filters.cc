#include "collector/cli/filters.h"

#include "shared/base/clock.h"
#include "shared/command_line/times.h"
#include "shared/tokens/token.h"

namespace postern::cli {
namespace {

Status AddTime(const command_line::Invocation& call, std::string_view option, std::string_view parameter,
               Query& query) {
  const auto text = call.arguments.Value(option);
  if (!text) return Ok{};
  const auto time = command_line::ParseSince(*text, WallNow());
  if (!time)
    return Error{ErrorCode::kInvalid, "--" + std::string(option) + ": found \"" + *text + "\", allowed is " +
                                          std::string(command_line::kSinceForms)};
  query.emplace_back(parameter, FormatRfc3339(*time));
  return Ok{};
}

}  // namespace

std::vector<command_line::Option> FilterOptions() {
  return {{.name = "since",
           .value = "TIME",
           .sentence = "From this time on: 2h ago, 2026-11-23, 2026-11-23T10:30:00Z."},
          {.name = "until", .value = "TIME", .sentence = "Before this time."},
          {.name = "team", .value = "TEAM", .sentence = "Only of this team."},
          {.name = "user", .value = "USER", .sentence = "Only of this user."},
          {.name = "key", .value = "ID", .sentence = "Only of the key with this id."},
          {.name = "model", .value = "MODEL", .sentence = "Only of this model."},
          {.name = "host", .value = "HOST", .sentence = "Only of this host."},
          {.name = "organisation", .value = "NAME", .sentence = "Only of this organisation."}};
}

Result<Query> FilterQuery(const command_line::Invocation& call) {
  Query query;
  RETURN_IF_ERROR(AddTime(call, "since", "from", query));
  RETURN_IF_ERROR(AddTime(call, "until", "to", query));
  for (const std::string_view name :
       {"team", "user", "key", "model", "host", "organisation", "session", "kind", "decision", "agent"}) {
    const auto value = call.arguments.Value(name);
    if (!value) continue;
    if (tokens::Redacted(*value) != *value)
      return Error{ErrorCode::kInvalid,
                   "--" + std::string(name) + ": that is a whole token; its id alone is wanted"};
    query.emplace_back(name, *value);
  }
  return query;
}

}  // namespace postern::cli
