// `postern-agent enroll`: this host joins an organisation.
#pragma once

#include <vector>

#include "shared/command_line/program.h"

namespace postern::commands {

std::vector<command_line::Command> EnrollCommands();

}  // namespace postern::commands
