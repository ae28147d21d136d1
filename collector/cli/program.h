// `postern`: the command line of administrators and of the security team. It speaks to the collector's API
// and to nothing else.
#pragma once

#include "shared/command_line/program.h"

namespace postern::cli {

command_line::Program PosternProgram();

}  // namespace postern::cli
