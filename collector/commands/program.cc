#include "collector/commands/program.h"

#include "collector/commands/init.h"
#include "collector/commands/run.h"
#include "collector/commands/upkeep.h"

namespace postern::collector::commands {
namespace {

constexpr std::string_view kDescription =
    R"(PROGRAM is the keep of an organisation's Postern: it knows people, keys, credentials and hosts, tells agents what they need, receives their signed records, verifies and remembers them, and answers administrators over an HTTPS API.

It listens on two ports: 4790 for the API (see postern(1)), 4791 for agents. It fails closed: what isn't verified and on the disk is not acknowledged, and what can't be recorded isn't done.

SIGTERM ends it; nothing is lost by a kill either.)";

}  // namespace

command_line::Program CollectorProgram() {
  command_line::Program program{
      .name = "postern-collector",
      .sentence = "the collector of an organisation's Postern: directory, record and API",
      .description = kDescription,
      .section = 8,
      .files = {{"/etc/postern/collector.yaml",
                 "The configuration; config/collector.yaml explains every setting."},
                {"/var/lib/postern-collector", "The database, the keys and the control socket."}},
      .examples = {{"postern-collector init --name keep.example.com",
                    "Makes a collector and its first administrator."},
                   {"postern-collector run", "Serves."},
                   {"postern-collector backup /srv/backup/2026-11-23", "Makes a backup while it serves."},
                   {"postern-collector check /srv/backup/2026-11-23", "Says whether that backup is sound."}},
  };
  for (auto& commands : {RunCommands(), InitCommands(), UpkeepCommands()})
    program.commands.insert(program.commands.end(), commands.begin(), commands.end());
  program.commands.push_back(command_line::ManCommand());
  program.commands.push_back(command_line::CompletionCommand());
  return program;
}

}  // namespace postern::collector::commands
