// `postern scan`: secrets in files and trees, by the engine that the gate uses. It needs no collector.
#pragma once

#include <vector>

#include "shared/command_line/program.h"

namespace postern::cli {

std::vector<command_line::Command> ScanCommands();

}  // namespace postern::cli
