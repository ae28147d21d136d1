// The command line of postern-bench.
#pragma once

#include <string>
#include <vector>

namespace postern::bench {

// Exit codes: 0 done, 1 something could not be measured, 2 wrong usage.
int RunCommand(const std::vector<std::string>& arguments);

}  // namespace postern::bench
