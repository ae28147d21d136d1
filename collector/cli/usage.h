// `postern usage`: what was used, and what it cost.
#pragma once

#include <vector>

#include "shared/command_line/program.h"

namespace postern::cli {

std::vector<command_line::Command> UsageCommands();

}  // namespace postern::cli
