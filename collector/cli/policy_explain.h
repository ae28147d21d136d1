// `postern policy explain`: why something is or would be decided.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shared/base/result.h"
#include "shared/command_line/program.h"

namespace postern::cli {

std::vector<command_line::Command> ExplainCommands();

// The number of a version. kInvalid.
Result<uint64_t> VersionIn(const std::string& text);

}  // namespace postern::cli
