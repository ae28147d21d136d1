#include "collector/cli/keys.h"

#include <ostream>

#include "collector/cli/body.h"
#include "collector/cli/reach.h"
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
  return ActAndTell(call, "disable", body);
}

Status EnableKey(const Invocation& call) { return Act(call, "enable", "{}"); }

Status RevokeKey(const Invocation& call) {
  ASSIGN_OR_RETURN(const std::string body, BodyOf(call, {}, {{"sentence", "sentence"}}));
  return ActAndTell(call, "revoke", body);
}

constexpr std::string_view kReached =
    "Every connected host that holds the key refuses it from then on and ends what is under way with it. A "
    "host "
    "that isn't connected may remember the key. What it does then is its own configuration's to say: with "
    "revocation: strict it lets nothing through 30 seconds after it was last in touch; with best_effort, the "
    "default, it goes on by what it remembers for offline.policy_ttl.\n\n"
    "With --wait the exit code is 0 where no host may go on, and 1 where some may; they are named on "
    "standard "
    "error with the time until which they may.";

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
       .options = Join({kSentence}, Join(WaitOptions(), {kJsonOption})),
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
       .details = kReached,
       .options = Join({kSentence}, Join(WaitOptions(), {kJsonOption})),
       .run = Run<RevokeKey>},
  };
}

}  // namespace postern::cli
