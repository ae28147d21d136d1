#include "collector/cli/limits.h"

#include <optional>
#include <ostream>
#include <utility>

#include "collector/cli/api.h"
#include "collector/cli/limit_amount.h"
#include "collector/cli/limit_options.h"
#include "collector/cli/limit_table.h"
#include "collector/cli/made_version.h"
#include "collector/cli/reach.h"
#include "collector/cli/resources.h"
#include "shared/command_line/times.h"
#include "shared/json/writer.h"
#include "shared/rest/message.h"

namespace postern::cli {
namespace {

using command_line::Join;

constexpr const char* kPolicyFile = "policy.yaml";  // what the collector calls the text

rest::Call CallWith(const char* method, std::string path, std::string body, const Invocation& call) {
  rest::Call made{
      .method = method, .path = std::move(path), .body = std::move(body), .content_type = "application/json"};
  if (call.arguments.Has("force")) made.query.emplace_back("force", "true");
  return made;
}

// The limit as it is, or nothing where there is none.
Result<std::optional<json::Value>> KnownLimit(const std::string& path) {
  ASSIGN_OR_RETURN(const Api api, Api::Open());
  auto known = api.Get(path);
  if (known) return std::optional(*std::move(known));
  if (known.error().code == ErrorCode::kNotFound) return std::optional<json::Value>();
  return known.error();
}

int SetLimit(const Invocation& call) {
  const auto path = PathOf(call);
  if (!path) return call.Fail(path.error());
  const auto known = KnownLimit(*path);
  if (!known) return call.Fail(known.error());
  auto body = LimitBody(call, *known);
  if (!body) return call.Fail(body.error());
  return MakeVersion(call, CallWith("PUT", *path, *std::move(body), call), kPolicyFile);
}

int RemoveLimit(const Invocation& call) {
  const auto path = PathOf(call);
  if (!path) return call.Fail(path.error());
  return MakeVersion(call, CallWith("DELETE", *path, "", call), kPolicyFile);
}

Result<std::string> RaiseBody(const Invocation& call, const std::string& path) {
  const auto by = call.arguments.Value("by");
  const auto until = call.arguments.Value("until");
  if (call.arguments.Has("end")) {
    if (by || until)
      return Error{ErrorCode::kInvalid, "--end ends a raise: it goes without --by and --until"};
    return std::string(R"({"until":null})");
  }
  if (!by || !until)
    return Error{ErrorCode::kInvalid, "say how much more, with --by, and --until when; or --end"};
  ASSIGN_OR_RETURN(const auto known, KnownLimit(path));
  if (!known) return Error{ErrorCode::kNotFound, "there is no limit " + call.word(0)};
  const auto amount = ParseLimitAmount(Cell(*known, "unit"), *by);
  if (!amount) return Error{ErrorCode::kInvalid, "--by: " + amount.error().message};
  if (*amount == 0)
    return Error{ErrorCode::kInvalid, "--by: found \"" + *by + "\", allowed is what is more than nothing"};
  const auto end = command_line::ParseUntil(*until, WallNow());
  if (!end)
    return Error{ErrorCode::kInvalid, "--until: found \"" + *until +
                                          "\", allowed is a time to come, such as 2027-01-31, "
                                          "2027-01-31T12:00:00Z, 90d or 12h"};
  json::Writer out;
  out.BeginObject().Integer("by", *amount).Text("until", command_line::FormatSeconds(*end)).EndObject();
  return out.Take();
}

int RaiseLimit(const Invocation& call) {
  const auto path = PathOf(call);
  if (!path) return call.Fail(path.error());
  auto body = RaiseBody(call, *path);
  if (!body) return call.Fail(body.error());
  return MakeVersion(call, CallWith("POST", *path + "/raise", *std::move(body), call), kPolicyFile);
}

Status Print(const Invocation& call, const json::Value& limit) {
  if (call.arguments.Has("json")) call.out << JsonText(limit) << '\n';
  else PrintLimit(call.out, limit);
  return Ok{};
}

Status ResetLimit(const Invocation& call) {
  ASSIGN_OR_RETURN(const std::string path, PathOf(call));
  json::Writer body;
  body.BeginObject();
  if (const auto account = call.arguments.Value("account")) body.Text("account", *account);
  body.EndObject();
  ASSIGN_OR_RETURN(const Api api, Api::Open());
  ASSIGN_OR_RETURN(const json::Value limit, api.Post(path + "/reset", body.Take()));
  return Print(call, limit);
}

// All of them, with their accounts.
Status ShowAll(const Invocation& call) {
  ASSIGN_OR_RETURN(const Api api, Api::Open());
  std::vector<std::string> ids;
  RETURN_IF_ERROR(api.EachPage("/v1/limits", {}, [&](const Api::Items& items) {
    for (const json::Value& item : items) ids.push_back(Cell(item, "id"));
    return true;
  }));
  std::vector<json::Value> limits;
  for (const std::string& id : ids) {
    auto limit = api.Get("/v1/limits/" + rest::Escape(id));
    // One that was removed meanwhile isn't missed.
    if (!limit && limit.error().code == ErrorCode::kNotFound) continue;
    if (!limit) return limit.error();
    limits.push_back(*std::move(limit));
  }
  if (!call.arguments.Has("json")) {
    PrintAccounts(call.out, limits);
    return Ok{};
  }
  json::Writer out;
  out.BeginObject().BeginList("items");
  for (const json::Value& limit : limits) out.Copy(limit);
  out.EndList().EndObject();
  call.out << out.Take() << '\n';
  return Ok{};
}

Status ShowLimit(const Invocation& call) {
  if (call.word_count() == 0) return ShowAll(call);
  ASSIGN_OR_RETURN(const std::string path, PathOf(call));
  ASSIGN_OR_RETURN(const Api api, Api::Open());
  ASSIGN_OR_RETURN(const json::Value limit, api.Get(path));
  return Print(call, limit);
}

std::vector<command_line::Option> VersionOptions() {
  return Join({kForceOption}, Join(PolicyWaitOptions(), {kJsonOption}));
}

std::vector<command_line::Command> ReadingCommands() {
  return {
      {.name = "limit list",
       .sentence = "Shows all limits: for whom, and how much.",
       .options = {kJsonOption},
       .run = Run<ListAll>},
      {.name = "limit show",
       .words = "[ID]",
       .sentence = "Shows what is spent, held and left of a limit, or of all of them, and when it resets.",
       .details =
           "HELD is granted to hosts and not spent: reserved by what is under way there, or kept for "
           "what comes next. With an ID the hosts are named, and in which state they are: what "
           "an earlier state of a host holds, which was cloned, restored, moved or lost, is held until "
           "its window ends or the agent is forfeited. MARK says what is over 75 % and 95 %, "
           "where clients are warned.",
       .options = {kJsonOption},
       .run = Run<ShowLimit>},
  };
}

std::vector<command_line::Command> ChangingCommands() {
  return {
      {.name = "limit set",
       .words = "ID",
       .sentence = "Makes a limit, or changes of one what is given.",
       .details =
           "In the policy's text only this limit changes: the rest of it, comments included, stays. What "
           "was spent stays spent; a limit below that grants nothing more, one with another --per counts "
           "anew, and one in another unit needs another ID. Without a name it is for "
           "everybody together.\n\n"
           "  PROGRAM limit set ml-month --team ml --usd 500 --per month\n"
           "  PROGRAM limit set each-day --each user --usd 100 --per day\n"
           "  PROGRAM limit set key-rate --each key --requests 60 --per minute\n"
           "  PROGRAM limit set key-once --each key --concurrent 4",
       .options = Join(LimitOptions(), VersionOptions()),
       .run = SetLimit},
      {.name = "limit remove",
       .words = "ID",
       .sentence = "Takes a limit out of the policy.",
       .options = VersionOptions(),
       .run = RemoveLimit},
      {.name = "limit raise",
       .words = "ID",
       .sentence = "Adds to a limit until a time.",
       .details = "A limit has one raise at a time: another takes its place, and isn't added to it.\n\n"
                  "  PROGRAM limit raise ml-month --by 50 --until 2026-12-31",
       .options =
           Join({{.name = "by", .value = "AMOUNT", .sentence = "So much more, in the limit's own unit."},
                 {.name = "until", .value = "TIME", .sentence = "Until then."},
                 {.name = "end", .sentence = "Ends a raise now."}},
                VersionOptions()),
       .run = RaiseLimit},
      {.name = "limit reset",
       .words = "ID",
       .sentence = "Forgives what was spent in the windows that hold now.",
       .details =
           "The whole amount can be spent again until the window ends. What is under way then counts whole; "
           "hosts go on showing all that they have spent.",
       .options = {{.name = "account",
                    .value = "ACCOUNT",
                    .sentence = "Of this account alone, as show names it: each-day/alice@example.com."},
                   kJsonOption},
       .run = Run<ResetLimit>},
  };
}

}  // namespace

std::vector<command_line::Command> LimitCommands() {
  std::vector<command_line::Command> commands = ReadingCommands();
  for (const command_line::Command& command : ChangingCommands()) commands.push_back(command);
  return commands;
}

}  // namespace postern::cli
