// `postern freeze` and `postern thaw`: everything, on every host.
#pragma once

#include <vector>

#include "shared/command_line/program.h"

namespace postern::cli {

std::vector<command_line::Command> FreezeCommands();

}  // namespace postern::cli
