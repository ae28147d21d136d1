// `postern audit query|tail|show`: the record of the whole organisation.
#pragma once

#include <vector>

#include "shared/command_line/program.h"

namespace postern::cli {

std::vector<command_line::Command> AuditCommands();

}  // namespace postern::cli
