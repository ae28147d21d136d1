#include "agent/commands/run.h"

#include <ostream>

#include "agent/agent.h"
#include "agent/commands/options.h"
#include "agent/identity/key_table.h"
#include "shared/config/node.h"
#include "shared/pricing/price_file.h"

namespace postern::commands {
namespace {

using command_line::Invocation;

Status CheckFiles(const agent::AgentConfig& config) {
  RETURN_IF_ERROR(identity::KeyTable::Load(config.keys));
  ASSIGN_OR_RETURN(const config::Node models, config::ParseFile(config.models.string()));
  RETURN_IF_ERROR(pricing::LoadPriceTable(models));
  return Ok{};
}

int RunAgent(const Invocation& call) { return agent::RunAgent(ConfigFile(call)); }

int CheckConfig(const Invocation& call) {
  const auto config = LoadConfig(call);
  const Status checked = config ? CheckFiles(*config) : Status(config.error());
  if (!checked) return call.Fail({ErrorCode::kInvalid, checked.error().message});
  call.out << ConfigFile(call).string() << ": good\n";
  return command_line::kDone;
}

}  // namespace

std::vector<command_line::Command> RunCommands() {
  return {
      {.name = "run",
       .sentence = "Serves until SIGTERM; SIGHUP reads the configuration again.",
       .details = "On SIGTERM or SIGINT no new requests are taken, those under way finish, and the record is "
                  "closed. A second signal ends it at once. A configuration that SIGHUP finds to be bad is "
                  "refused with a line in the log, and the old one stays.",
       .options = {kConfigOption},
       .run = RunAgent},
      {.name = "check",
       .sentence = "Reads the configuration and all that it names, and says whether it is good.",
       .options = {kConfigOption},
       .run = CheckConfig}};
}

}  // namespace postern::commands
