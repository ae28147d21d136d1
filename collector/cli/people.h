// `postern user` and `postern team`.
#pragma once

#include <vector>

#include "shared/command_line/program.h"

namespace postern::cli {

std::vector<command_line::Command> UserCommands();
std::vector<command_line::Command> TeamCommands();

}  // namespace postern::cli
