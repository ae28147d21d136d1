// `postern-agent run` and `postern-agent check`.
#pragma once

#include <vector>

#include "agent/config.h"
#include "shared/base/result.h"
#include "shared/command_line/program.h"

namespace postern::commands {

// `run` serves until SIGTERM, with the exit codes of agent.h. `check` reads the configuration and what it
// names, opens nothing else, and says whether it is good: 0 or 2.
std::vector<command_line::Command> RunCommands();

// Reads what the configuration names, as a start would; the errors of reading. A member's keys are its
// collector's.
enum class Keys { kOfFile, kOfCollector };
Status CheckFiles(const agent::AgentConfig& config, Keys keys);

}  // namespace postern::commands
