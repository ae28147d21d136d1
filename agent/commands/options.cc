#include "agent/commands/options.h"

namespace postern::commands {

std::filesystem::path ConfigFile(const command_line::Invocation& call) {
  return call.arguments.ValueOr("config", kDefaultConfig);
}

Result<agent::AgentConfig> LoadConfig(const command_line::Invocation& call) {
  auto config = agent::LoadAgentConfig(ConfigFile(call));
  if (!config) return Error{ErrorCode::kInvalid, config.error().message};
  return config;
}

}  // namespace postern::commands
