// `postern-agent run` and `postern-agent check`.
#pragma once

#include <iosfwd>
#include <span>
#include <string>

namespace postern::commands {

// Serves until SIGTERM. The words after "run"; exit codes of agent.h, and 2 for wrong usage.
int RunRunCommand(std::span<const std::string> words, std::ostream& out, std::ostream& err);

// Reads the configuration and what it names, opens nothing else, and says whether it is good: 0 or 2.
int RunCheckCommand(std::span<const std::string> words, std::ostream& out, std::ostream& err);

}  // namespace postern::commands
