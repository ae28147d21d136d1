#include "tests/support/killed_process.h"

#include <csignal>
#include <cstdlib>
#include <thread>

#include "tests/support/paths.h"
#include "tests/support/process.h"

namespace postern::support {

int Crashes() {
  const char* crashes = std::getenv("POSTERN_CRASHES");
  return crashes != nullptr ? std::atoi(crashes) : 20;
}

Result<std::string> LiveAndDie(const Life& life) {
  ProcessOptions options{.argv = life.argv};
  if (life.death == Death::kPreload) {
    options.variables = {{"POWER_CUT_DIRECTORY", life.directory},
                         {"LD_PRELOAD", InBuild("lib/power_cut.so")}};
  }
  ASSIGN_OR_RETURN(const auto process, Process::Start(options));
  if (life.birth == Birth::kFirstLine) {
    ASSIGN_OR_RETURN(const std::string line, process->WaitForLine(""));
  }
  std::this_thread::sleep_for(life.life);
  process->Signal(SIGKILL);
  const auto ending = process->Wait();
  if (!ending || ending->signal != SIGKILL) {
    return Error{ErrorCode::kUnavailable,
                 life.argv.front() + " ended before it was killed: " + process->errors()};
  }
  const std::string said = process->output();
  return said.substr(0, said.rfind('\n') + 1);
}

}  // namespace postern::support
