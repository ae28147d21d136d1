#include "collector/cli/keys.h"

#include <ostream>

#include "collector/cli/body.h"
#include "collector/cli/resources.h"

namespace postern::cli {
namespace {

using command_line::Join;
using command_line::Need;
using command_line::Option;

constexpr std::string_view kAdvice = "Give it to Claude Code as ANTHROPIC_AUTH_TOKEN.";

Status CreateKey(const Invocation& call) {
  ASSIGN_OR_RETURN(const std::string body, BodyOf(call, {},
                                                  {{"user", "user"},
                                                   {"label", "label"},
                                                   {"expires", "expires", FieldKind::kTime},
                                                   {"host", "hosts", FieldKind::kList},
                                                   {"os-user", "os_users", FieldKind::kList},
                                                   {"credential", "credentials", FieldKind::kList}}));
  ASSIGN_OR_RETURN(const Api api, Api::Open());
  ASSIGN_OR_RETURN(const json::Value answer, api.Post("/v1/keys", body));
  return PrintIssued(call, answer, "key", kAdvice);
}

Status RotateKey(const Invocation& call) {
  ASSIGN_OR_RETURN(const std::string path, PathOf(call));
  ASSIGN_OR_RETURN(const Api api, Api::Open());
  ASSIGN_OR_RETURN(const json::Value answer, api.Post(path + "/rotate", "{}"));
  return PrintIssued(call, answer, "key", "The old one is dead.");
}

Status ListKeys(const Invocation& call) { return List(call, {"user", "team"}); }

Status UpdateKey(const Invocation& call) {
  ASSIGN_OR_RETURN(const std::string body, BodyOf(call, {},
                                                  {{"label", "label"},
                                                   {"expires", "expires", FieldKind::kTime},
                                                   {"host", "hosts", FieldKind::kList},
                                                   {"os-user", "os_users", FieldKind::kList},
                                                   {"credential", "credentials", FieldKind::kList}}));
  return Update(call, body);
}

Status DisableKey(const Invocation& call) {
  ASSIGN_OR_RETURN(const std::string body, BodyOf(call, {}, {{"sentence", "sentence"}}));
  return Act(call, "disable", body);
}

Status EnableKey(const Invocation& call) { return Act(call, "enable", "{}"); }

// Hosts that may go on for a while: they can't be told now.
Status NameUnreachable(const Invocation& call, const Api& api) {
  std::string hosts;
  RETURN_IF_ERROR(api.EachPage("/v1/agents", {}, [&hosts](const Api::Items& agents) {
    for (const json::Value& agent : agents) {
      if (Cell(agent, "state") == "active" && Cell(agent, "presence.connected") != "yes")
        hosts += (hosts.empty() ? "" : ", ") + Cell(agent, "host") + " (" + Cell(agent, "id") + ")";
    }
    return true;
  }));
  if (hosts.empty()) return Ok{};
  call.err
      << "Not connected now, so they learn of it when they come back, and go on at most as long as their "
         "configuration says: "
      << hosts << ".\n";
  return Ok{};
}

Status RevokeKey(const Invocation& call) {
  ASSIGN_OR_RETURN(const std::string body, BodyOf(call, {}, {{"sentence", "sentence"}}));
  RETURN_IF_ERROR(Act(call, "revoke", body));
  ASSIGN_OR_RETURN(const Api api, Api::Open());
  return NameUnreachable(call, api);
}

const Option kSentence{.name = "sentence",
                       .value = "TEXT",
                       .sentence = "What the person who uses the key is told: why, and whom to ask."};

std::vector<Option> Limits() {
  return {{.name = "label", .value = "TEXT", .sentence = "What people call it."},
          {.name = "expires",
           .value = "TIME",
           .sentence = "When it ends: 2027-01-31, 2027-01-31T12:00:00Z, from now 90d or 12h, or never."},
          {.name = "host", .value = "NAME,…", .sentence = "It works only on these hosts; empty: on any."},
          {.name = "os-user",
           .value = "NAME,…",
           .sentence = "It works only for programs of these OS users, names or numbers; empty: of any."},
          {.name = "credential",
           .value = "NAME,…",
           .sentence = "The provider credentials that it may use; empty: those of the user's team."}};
}

}  // namespace

std::vector<command_line::Command> KeyCommands() {
  return {
      {.name = "key create",
       .sentence = "Makes a virtual key and prints it, once: it can't be shown again.",
       .options =
           Join({{.name = "user", .value = "USER", .sentence = "Whose key it is.", .need = Need::kRequired}},
                Join(Limits(), {kJsonOption})),
       .run = Run<CreateKey>},
      {.name = "key list",
       .sentence = "Shows keys, revoked ones too; never their secrets.",
       .options = {{.name = "user", .value = "USER", .sentence = "Only of this user."},
                   {.name = "team", .value = "TEAM", .sentence = "Only of this team."},
                   kJsonOption},
       .run = Run<ListKeys>},
      {.name = "key show",
       .words = "ID",
       .sentence = "Shows one key.",
       .options = {kJsonOption},
       .run = Run<Show>},
      {.name = "key update",
       .words = "ID",
       .sentence = "Changes what is given.",
       .options = Join(Limits(), {kJsonOption}),
       .run = Run<UpdateKey>},
      {.name = "key disable",
       .words = "ID",
       .sentence = "Refuses the key until it is enabled again.",
       .options = {kSentence, kJsonOption},
       .run = Run<DisableKey>},
      {.name = "key enable",
       .words = "ID",
       .sentence = "Ends what disable began.",
       .options = {kJsonOption},
       .run = Run<EnableKey>},
      {.name = "key rotate",
       .words = "ID",
       .sentence = "Gives the key a new secret and prints it, once; the old one is dead.",
       .options = {kJsonOption},
       .run = Run<RotateKey>},
      {.name = "key revoke",
       .words = "ID",
       .sentence = "Refuses the key for ever, and names the hosts that can't be told now.",
       .options = {kSentence, kJsonOption},
       .run = Run<RevokeKey>},
  };
}

}  // namespace postern::cli
