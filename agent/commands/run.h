// `postern-agent run` and `postern-agent check`.
#pragma once

#include <vector>

#include "shared/command_line/program.h"

namespace postern::commands {

// `run` serves until SIGTERM, with the exit codes of agent.h. `check` reads the configuration and what it
// names, opens nothing else, and says whether it is good: 0 or 2.
std::vector<command_line::Command> RunCommands();

}  // namespace postern::commands
