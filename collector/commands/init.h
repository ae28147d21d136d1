// `postern-collector init` and `administrator`: the state's keys, and who administers first.
#pragma once

#include <vector>

#include "shared/command_line/program.h"

namespace postern::collector::commands {

// A token's text is written once, to standard output alone.
std::vector<command_line::Command> InitCommands();

}  // namespace postern::collector::commands
