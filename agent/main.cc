#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/commands/events.h"
#include "agent/commands/key.h"
#include "agent/commands/run.h"
#include "agent/commands/status.h"
#include "shared/base/version.h"

namespace {

constexpr std::string_view kHelp =
    R"(postern-agent: the gate between Claude Code and the model provider on this host.

usage: postern-agent COMMAND [OPTIONS]

  run      serve until SIGTERM; SIGHUP reads the configuration again
  check    read the configuration and all that it names, and say whether it is good
  key      make, list, switch off and on the virtual keys of a lone host
  events   show, follow or verify the record
  status   ask the running agent how it is
  reload   let the running agent read its configuration again

  --config FILE   the configuration (default /etc/postern/agent.yaml)
  --help          help, also of each command
  --version       the version

Exit codes: 0 done, 1 refused, not found or findings, 2 wrong usage or configuration, 3 the agent can't be reached.
)";

using Command = int (*)(std::span<const std::string>, std::ostream&, std::ostream&);

constexpr std::pair<std::string_view, Command> kCommands[] = {
    {"run", postern::commands::RunRunCommand},       {"check", postern::commands::RunCheckCommand},
    {"key", postern::commands::RunKeyCommand},       {"events", postern::commands::RunEventsCommand},
    {"status", postern::commands::RunStatusCommand}, {"reload", postern::commands::RunReloadCommand},
};

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.empty() || words.front() == "--help" || words.front() == "help") {
    (words.empty() ? std::cerr : std::cout) << kHelp;
    return words.empty() ? 2 : 0;
  }
  if (words.front() == "--version") {
    std::cout << "postern-agent " << postern::kVersion << "\n";
    return 0;
  }
  for (const auto& [name, run] : kCommands) {
    if (words.front() == name) return run(std::span(words).subspan(1), std::cout, std::cerr);
  }
  std::cerr << "postern-agent: there is no command \"" << words.front() << "\"; see postern-agent --help\n";
  return 2;
}
