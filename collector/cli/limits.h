// `postern limit …`: budgets and rate limits. Those that are set, raised or removed make a version of the
// policy, as apply does.
#pragma once

#include <vector>

#include "shared/command_line/program.h"

namespace postern::cli {

std::vector<command_line::Command> LimitCommands();

}  // namespace postern::cli
