// `postern-collector run`.
#pragma once

#include <vector>

#include "shared/command_line/program.h"

namespace postern::collector::commands {

std::vector<command_line::Command> RunCommands();

}  // namespace postern::collector::commands
