// `postern-agent doctor`: looks at all that the agent on this host needs.
#pragma once

#include <vector>

#include "shared/command_line/program.h"

namespace postern::commands {

// Exit codes: 0 nothing to mend, 1 findings, 2 the configuration is wrong.
std::vector<command_line::Command> DoctorCommands();

}  // namespace postern::commands
