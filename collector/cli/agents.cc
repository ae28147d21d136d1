#include "collector/cli/agents.h"

#include <ostream>

#include "collector/cli/body.h"
#include "collector/cli/reach.h"
#include "collector/cli/resources.h"

namespace postern::cli {
namespace {

using command_line::Join;
using command_line::Need;

Status MakeEnrolmentToken(const Invocation& call) {
  ASSIGN_OR_RETURN(const std::string body, BodyOf(call, {}, {{"expires", "expires", FieldKind::kTime}}));
  ASSIGN_OR_RETURN(const Api api, Api::Open());
  ASSIGN_OR_RETURN(const json::Value answer, api.Post("/v1/enrolment-tokens", body));
  return PrintIssued(
      call, answer, "token",
      "On the host that is to join: postern-agent enroll URL --token-file FILE. It is good once.");
}

void NameCredentials(const Invocation& call, const json::Value& answer) {
  const auto object = answer.AsOpenObject();
  const auto agent = object ? object->Find("agent") : std::nullopt;
  if (agent) PrintRecord(call, *agent);
  const auto rotate = object ? object->Texts("rotate") : std::vector<std::string>();
  if (!rotate || rotate->empty()) {
    call.err << "It held no credential that is still in use.\n";
    return;
  }
  call.err << "It held these credentials: rotate them at the provider, then here:\n";
  for (const std::string& name : *rotate) call.err << "  postern credential rotate " << name << '\n';
}

Status Revoke(const Invocation& call) {
  ASSIGN_OR_RETURN(const std::string path, PathOf(call));
  return MakeChange(
      call,
      {.kind = "agent",
       .id = call.word(0),
       .make = [&](const Api& api, const Query& query) { return api.Post(path + "/revoke", "{}", query); },
       .print = [&](const json::Value& answer) { NameCredentials(call, answer); }});
}

Status Forfeit(const Invocation& call) { return Act(call, "forfeit", "{}"); }

Status CreateAdministrator(const Invocation& call) {
  ASSIGN_OR_RETURN(const std::string body,
                   BodyOf(call, {{"name", call.word(0)}},
                          {{"role", "role"}, {"user", "user"}, {"expires", "expires", FieldKind::kTime}}));
  ASSIGN_OR_RETURN(const Api api, Api::Open());
  ASSIGN_OR_RETURN(const json::Value answer, api.Post("/v1/administrators", body));
  return PrintIssued(call, answer, "administrator",
                     "For: postern login URL --fingerprint … --token-file FILE.");
}

Status RotateAdministrator(const Invocation& call) {
  ASSIGN_OR_RETURN(const std::string path, PathOf(call));
  ASSIGN_OR_RETURN(const Api api, Api::Open());
  ASSIGN_OR_RETURN(const json::Value answer, api.Post(path + "/rotate", "{}"));
  return PrintIssued(call, answer, "administrator", "The old one is dead.");
}

}  // namespace

std::vector<command_line::Command> AgentCommands() {
  return {
      {.name = "agent enroll-token",
       .sentence = "Makes a token with which one host may join once, and prints it.",
       .details =
           "It contains the fingerprint of the collector's certificate key, so the host knows the right "
           "collector.\n\n  PROGRAM agent enroll-token > token\n"
           "  postern-agent enroll https://keep.example.com:4790 --token-file token",
       .options = {{.name = "expires",
                    .value = "TIME",
                    .sentence = "When it ends, from now 12h or a time; in an hour where it is left out."},
                   kJsonOption},
       .run = Run<MakeEnrolmentToken>},
      {.name = "agent list",
       .sentence = "Shows hosts that have joined, whether they are connected, and what they have not sent.",
       .options = {kJsonOption},
       .run = Run<ListAll>},
      {.name = "agent show",
       .words = "ID",
       .sentence = "Shows one host.",
       .options = {kJsonOption},
       .run = Run<Show>},
      {.name = "agent revoke",
       .words = "ID",
       .sentence = "Shuts a host out for ever, and names the credentials that it held.",
       .options = Join(WaitOptions(), {kJsonOption}),
       .run = Run<Revoke>},
      {.name = "agent forfeit",
       .words = "ID",
       .sentence =
           "Gives up what a host has not sent, frees the money that it holds, and ends its quarantine.",
       .options = {kJsonOption},
       .run = Run<Forfeit>},
      {.name = "enrolment list",
       .sentence = "Shows enrolment tokens, spent and expired ones too; never their secrets.",
       .options = {kJsonOption},
       .run = Run<ListAll>},
      {.name = "enrolment remove",
       .words = "ID",
       .sentence = "Makes an enrolment token worthless.",
       .options = {kJsonOption},
       .run = Run<Remove>},
  };
}

std::vector<command_line::Command> AdministratorCommands() {
  return {
      {.name = "administrator create",
       .words = "NAME",
       .sentence = "Lets somebody call the API, and prints the token, once.",
       .options =
           {{.name = "role",
             .value = "ROLE",
             .sentence =
                 "admin does everything, viewer reads everything, developer reads what is of the own user.",
             .choices = {"admin", "viewer", "developer"},
             .need = Need::kRequired},
            {.name = "user", .value = "USER", .sentence = "A developer's own user."},
            {.name = "expires",
             .value = "TIME",
             .sentence = "When the token ends, from now 90d, a time, or never."},
            kJsonOption},
       .run = Run<CreateAdministrator>},
      {.name = "administrator list",
       .sentence = "Shows who may call the API.",
       .options = {kJsonOption},
       .run = Run<ListAll>},
      {.name = "administrator rotate",
       .words = "ID",
       .sentence = "Gives a token a new secret and prints it, once; the old one is dead.",
       .options = {kJsonOption},
       .run = Run<RotateAdministrator>},
      {.name = "administrator remove",
       .words = "ID",
       .sentence = "Makes a token worthless; the last of an admin can't be removed.",
       .options = {kJsonOption},
       .run = Run<Remove>},
  };
}

}  // namespace postern::cli
