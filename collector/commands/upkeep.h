// `postern-collector check`, `recover`, `backup`, `status` and `reload`.
#pragma once

#include <vector>

#include "shared/command_line/program.h"

namespace postern::collector::commands {

std::vector<command_line::Command> UpkeepCommands();

}  // namespace postern::collector::commands
