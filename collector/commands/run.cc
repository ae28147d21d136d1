#include "collector/commands/run.h"

#include "collector/collector.h"
#include "collector/commands/options.h"

namespace postern::collector::commands {
namespace {

int Serve(const Invocation& call) { return RunCollector(ConfigFile(call)); }

}  // namespace

std::vector<command_line::Command> RunCommands() {
  return {{.name = "run",
           .sentence = "Serves until SIGTERM; SIGHUP reads the certificate and what is logged again.",
           .details =
               "On SIGTERM or SIGINT calls under way finish and what agents have sent is committed; a second "
               "signal ends it at once, which loses nothing either.",
           .options = {kConfigOption},
           .run = Serve}};
}

}  // namespace postern::collector::commands
