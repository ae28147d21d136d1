// `postern login`, `logout`, `whoami`.
#pragma once

#include <vector>

#include "shared/command_line/program.h"

namespace postern::cli {

std::vector<command_line::Command> LoginCommands();

}  // namespace postern::cli
