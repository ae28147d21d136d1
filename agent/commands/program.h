// postern-agent's commands as one table.
#pragma once

#include "shared/command_line/program.h"

namespace postern::commands {

command_line::Program AgentProgram();

}  // namespace postern::commands
