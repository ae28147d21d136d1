#include "collector/cli/credentials.h"

#include "collector/cli/resources.h"
#include "collector/cli/secret_input.h"
#include "shared/crypto/wiped.h"
#include "shared/json/writer.h"

namespace postern::cli {
namespace {

using command_line::Need;
using command_line::Option;

Status Add(const Invocation& call) {
  ASSIGN_OR_RETURN(std::string value, ReadSecret(call, "value-file", "Credential"));
  const crypto::WipeAtEnd wipe(value);
  json::Writer writer;
  writer.BeginObject().Text("id", call.word(0)).Text("provider", call.arguments.ValueOr("provider", ""));
  if (const auto header = call.arguments.Value("header")) writer.Text("header", *header);
  writer.Text("value", value).EndObject();
  std::string body = writer.Take();
  const crypto::WipeAtEnd wipe_body(body);
  return Create(call, body);
}

Status Rotate(const Invocation& call) {
  ASSIGN_OR_RETURN(std::string value, ReadSecret(call, "value-file", "New value"));
  const crypto::WipeAtEnd wipe(value);
  json::Writer writer;
  writer.BeginObject().Text("value", value).EndObject();
  std::string body = writer.Take();
  const crypto::WipeAtEnd wipe_body(body);
  return Act(call, "rotate", body);
}

const Option kValueFile{.name = "value-file",
                        .value = "FILE",
                        .sentence = "Where the value is; standard input where it is left out, or -.",
                        .completes = command_line::Completes::kFiles};

}  // namespace

std::vector<command_line::Command> CredentialCommands() {
  return {
      {.name = "credential add",
       .words = "NAME",
       .sentence = "Adds a provider's credential; its value is never shown again.",
       .details =
           "The value comes from a file or from standard input, never from the command line; at a terminal "
           "it "
           "is asked for. The collector encrypts it, and seals it to the agents whose keys may use it.",
       .options = {{.name = "provider",
                    .value = "PROVIDER",
                    .sentence = "Whose it is, such as anthropic.",
                    .need = Need::kRequired},
                   {.name = "header",
                    .value = "HEADER",
                    .sentence = "How the provider wants it; x-api-key where it is left out.",
                    .choices = {"x-api-key", "authorization"}},
                   kValueFile,
                   kJsonOption},
       .run = Run<Add>},
      {.name = "credential list",
       .sentence = "Shows credentials, without their values.",
       .options = {kJsonOption},
       .run = Run<ListAll>},
      {.name = "credential show",
       .words = "NAME",
       .sentence = "Shows one credential, without its value.",
       .options = {kJsonOption},
       .run = Run<Show>},
      {.name = "credential rotate",
       .words = "NAME",
       .sentence = "Takes a new value for the same credential; agents get it at once.",
       .options = {kValueFile, kJsonOption},
       .run = Run<Rotate>},
      {.name = "credential remove",
       .words = "NAME",
       .sentence = "Removes a credential; agents forget it.",
       .options = {kJsonOption},
       .run = Run<Remove>},
  };
}

}  // namespace postern::cli
