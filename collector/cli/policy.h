// `postern policy …`: the policy of the whole organisation, at the collector.
#pragma once

#include <vector>

#include "shared/command_line/program.h"

namespace postern::cli {

std::vector<command_line::Command> PolicyCommands();

}  // namespace postern::cli
