#include "collector/cli/secrets.h"

#include <utility>

#include "collector/cli/api.h"
#include "collector/cli/body.h"
#include "collector/cli/made_version.h"
#include "collector/cli/reach.h"
#include "collector/cli/resources.h"
#include "shared/rest/message.h"

namespace postern::cli {
namespace {

using command_line::Join;
using command_line::Need;

constexpr const char* kPolicyFile = "policy.yaml";  // what the collector calls the text
constexpr const char* kAllowed = "/v1/secrets/allowed";

int Make(const Invocation& call, const char* method, std::string path, std::string body) {
  rest::Call made{
      .method = method, .path = std::move(path), .body = std::move(body), .content_type = "application/json"};
  if (call.arguments.Has("force")) made.query.emplace_back("force", "true");
  return MakeVersion(call, made, kPolicyFile);
}

int AllowSecret(const Invocation& call) {
  auto body = BodyOf(call, {{"fingerprint", call.word(0)}},
                     {{"reason", "reason"}, {"until", "until", FieldKind::kTime}});
  if (!body) return call.Fail(body.error());
  return Make(call, "POST", kAllowed, *std::move(body));
}

int RemoveSecret(const Invocation& call) {
  return Make(call, "DELETE", std::string(kAllowed) + "/" + rest::Escape(call.word(0)), "");
}

Status ListSecrets(const Invocation& call) {
  static const std::vector<FieldColumn> columns{
      {{"FINGERPRINT"}, "fingerprint"}, {{"UNTIL"}, "until"}, {{"REASON"}, "reason"}};
  ASSIGN_OR_RETURN(const Api api, Api::Open());
  ASSIGN_OR_RETURN(const json::Value answer, api.Get(kAllowed));
  ASSIGN_OR_RETURN(const json::Object object, answer.AsOpenObject());
  ASSIGN_OR_RETURN(const json::Value list, object.Require("items"));
  ASSIGN_OR_RETURN(const auto items, list.AsList());
  ListPrinter printer(call, columns);
  printer.Add(items);
  printer.Finish();
  return Ok{};
}

std::vector<command_line::Option> VersionOptions() {
  return Join({kForceOption}, Join(PolicyWaitOptions(), {kJsonOption}));
}

}  // namespace

std::vector<command_line::Command> SecretCommands() {
  return {
      {.name = "secret allow",
       .words = "FINGERPRINT",
       .sentence = "Lets a secret leave from now on, in every request of everybody.",
       .details =
           "The fingerprint is the one that a finding has: it tells one secret from all others, and "
           "says nothing about it.\n\n"
           "  PROGRAM audit query --kind secret_found --since 1h\n"
           "  PROGRAM secret allow 00112233445566778899aabbccddeeff --reason \"of the public example\" "
           "--until 90d",
       .options = Join(
           {{.name = "reason",
             .value = "TEXT",
             .sentence = "Why it may leave; it stands in the policy.",
             .need = Need::kRequired},
            {.name = "until", .value = "TIME", .sentence = "Until then; for ever where it is left out."}},
           VersionOptions()),
       .run = AllowSecret},
      {.name = "secret list",
       .sentence = "Shows secrets that may leave, and why.",
       .options = {kJsonOption},
       .run = Run<ListSecrets>},
      {.name = "secret remove",
       .words = "FINGERPRINT",
       .sentence = "Ends what allow began.",
       .options = VersionOptions(),
       .run = RemoveSecret},
  };
}

}  // namespace postern::cli
