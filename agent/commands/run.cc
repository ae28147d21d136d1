#include "agent/commands/run.h"

#include <ostream>

#include "agent/agent.h"
#include "agent/commands/arguments.h"
#include "agent/commands/config_option.h"
#include "agent/identity/key_table.h"
#include "shared/config/node.h"
#include "shared/pricing/price_file.h"

namespace postern::commands {
namespace {

constexpr std::string_view kRunHelp = R"(usage: postern-agent run [--config FILE]

Serves until SIGTERM or SIGINT: no new requests, those under way finish, the record is closed. A second signal ends at once.
SIGHUP reads the configuration again; a bad one is refused with a line in the log, and the old one stays.
)";

constexpr std::string_view kCheckHelp = R"(usage: postern-agent check [--config FILE]

Reads the configuration, the keys and the prices it names, and says what is wrong with them. Exit codes: 0 good, 2 not.
)";

Status CheckFiles(const agent::AgentConfig& config) {
  RETURN_IF_ERROR(identity::KeyTable::Load(config.keys));
  ASSIGN_OR_RETURN(const config::Node models, config::ParseFile(config.models.string()));
  RETURN_IF_ERROR(pricing::LoadPriceTable(models));
  return Ok{};
}

}  // namespace

int RunRunCommand(std::span<const std::string> words, std::ostream& out, std::ostream& err) {
  const auto usage = ReadConfigOption("run", kRunHelp, words, out, err);
  return usage.exit_code ? *usage.exit_code : agent::RunAgent(usage.config_file);
}

int RunCheckCommand(std::span<const std::string> words, std::ostream& out, std::ostream& err) {
  const auto usage = ReadConfigOption("check", kCheckHelp, words, out, err);
  if (usage.exit_code) return *usage.exit_code;
  const auto config = agent::LoadAgentConfig(usage.config_file);
  const Status checked = config ? CheckFiles(*config) : Status(config.error());
  if (!checked) {
    err << "postern-agent check: " << checked.error().message << '\n';
    return 2;
  }
  out << usage.config_file.string() << ": good\n";
  return 0;
}

}  // namespace postern::commands
