// `postern secret …`: secrets that may leave, by the fingerprints that findings have. Each change of them is
// a version of the policy.
#pragma once

#include <vector>

#include "shared/command_line/program.h"

namespace postern::cli {

std::vector<command_line::Command> SecretCommands();

}  // namespace postern::cli
