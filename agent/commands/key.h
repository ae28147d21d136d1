// `postern-agent key`: the virtual keys of a lone host.
#pragma once

#include <vector>

#include "shared/command_line/program.h"

namespace postern::commands {

// A key's text is written once, by `create`, and to standard output alone.
std::vector<command_line::Command> KeyCommands();

}  // namespace postern::commands
