// `postern credential`.
#pragma once

#include <vector>

#include "shared/command_line/program.h"

namespace postern::cli {

std::vector<command_line::Command> CredentialCommands();

}  // namespace postern::cli
