// `postern-agent status` and `postern-agent reload`: what is asked of the running agent.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/command_line/program.h"

namespace postern::commands {

// Exit codes of `status`: 0 the agent runs and keeps its record, 1 it runs and can't, 3 it can't be reached;
// of `reload`: 0 done, 1 refused (the old configuration stays), 3 it can't be reached.
std::vector<command_line::Command> StatusCommands();

// {"a":"b","c":3} as lines "a  b": one a member of an object of our own making. A list of objects ("limits")
// comes after them, a line for each: its first member, then the others. Pure.
std::string StatusRows(std::string_view json);

}  // namespace postern::commands
