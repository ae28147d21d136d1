// Scripts by which shells complete a program's command lines, from its table. They know commands, options,
// choices, and where a file or a directory is wanted; they start no program and ask nothing. Pure.
#pragma once

#include <string>

#include "shared/command_line/program.h"

namespace postern::command_line {

std::string BashCompletion(const Program& program);
std::string ZshCompletion(const Program& program);
std::string FishCompletion(const Program& program);

}  // namespace postern::command_line
