// Pages of the manual from a program's table, in the macros of man(7). Pure.
#pragma once

#include <string>

#include "shared/command_line/program.h"

namespace postern::command_line {

// postern(1): what it is, every command with its options, files, environment, exit codes, examples.
std::string ManPage(const Program& program);

// postern-key-create(1).
std::string ManPage(const Program& program, const Command& command);

}  // namespace postern::command_line
