// postern-collector's commands as one table.
#pragma once

#include "shared/command_line/program.h"

namespace postern::collector::commands {

command_line::Program CollectorProgram();

}  // namespace postern::collector::commands
