#include <cstdio>
#include <iostream>
#include <span>
#include <string_view>
#include <vector>

#include "agent/agent.h"
#include "agent/commands/events.h"
#include "agent/commands/key.h"
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

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> all(argv + 1, argv + argc);
  const std::string_view command = all.empty() ? std::string_view("--help") : all.front();
  const auto arguments = std::span(all).subspan(all.empty() ? 0 : 1);
  if (command == "run") return postern::agent::RunRunCommand(arguments, std::cout, std::cerr);
  if (command == "check") return postern::agent::RunCheckCommand(arguments, std::cout, std::cerr);
  if (command == "key") return postern::agent::RunKeyCommand(arguments, std::cout, std::cerr);
  if (command == "events") return postern::agent::RunEventsCommand(arguments, std::cout, std::cerr);
  if (command == "status") return postern::agent::RunStatusCommand(arguments, std::cout, std::cerr);
  if (command == "reload") return postern::agent::RunReloadCommand(arguments, std::cout, std::cerr);
  if (command == "--version" || command == "version") {
    std::cout << "postern-agent " << postern::kVersion << "\n";
    return 0;
  }
  if (command == "--help" || command == "-h" || command == "help") {
    std::cout << kHelp;
    return all.empty() ? 2 : 0;
  }
  std::cerr << "postern-agent: no such command: " << command << " (see postern-agent --help)\n";
  return 2;
}
