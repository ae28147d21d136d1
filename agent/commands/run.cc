#include "agent/commands/run.h"

#include <ostream>

#include "agent/agent.h"
#include "agent/collector_link.h"
#include "agent/commands/options.h"
#include "agent/identity/key_table.h"
#include "agent/own_policy.h"
#include "shared/config/node.h"
#include "shared/pricing/price_file.h"

namespace postern::commands {
namespace {

using command_line::Invocation;

int RunAgent(const Invocation& call) { return agent::RunAgent(ConfigFile(call)); }

int CheckConfig(const Invocation& call) {
  const auto config = LoadConfig(call);
  const auto enrolment =
      config ? agent::FindEnrolment(*config) : Result<std::optional<membership::Enrolment>>(config.error());
  const Status checked = enrolment ? CheckFiles(*config, *enrolment ? Keys::kOfCollector : Keys::kOfFile)
                                   : Status(enrolment.error());
  if (!checked) return call.Fail({ErrorCode::kInvalid, checked.error().message});
  call.out << ConfigFile(call).string() << ": good\n";
  return command_line::kDone;
}

}  // namespace

Status CheckFiles(const agent::AgentConfig& config, Keys keys) {
  if (keys == Keys::kOfFile) RETURN_IF_ERROR(identity::KeyTable::Load(config.keys));
  ASSIGN_OR_RETURN(const config::Node models, config::ParseFile(config.models.string()));
  ASSIGN_OR_RETURN(const pricing::PriceTable prices, pricing::LoadPriceTable(models));
  if (keys == Keys::kOfFile)
    RETURN_IF_ERROR(agent::ReadOwnPolicy(config.policy, policy::CatalogueOf(prices)));
  return Ok{};
}

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
