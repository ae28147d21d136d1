// `postern agent`, `postern enrolment` and `postern administrator`: who may talk to the collector.
#pragma once

#include <vector>

#include "shared/command_line/program.h"

namespace postern::cli {

std::vector<command_line::Command> AgentCommands();
std::vector<command_line::Command> AdministratorCommands();

}  // namespace postern::cli
