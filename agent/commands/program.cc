#include "agent/commands/program.h"

#include <iterator>

#include "agent/commands/doctor.h"
#include "agent/commands/enroll.h"
#include "agent/commands/events.h"
#include "agent/commands/key.h"
#include "agent/commands/run.h"
#include "agent/commands/status.h"

namespace postern::commands {
namespace {

constexpr std::string_view kDescription =
    R"(PROGRAM runs on every host that runs Claude Code. It listens on loopback, knows by a virtual key or by the operating system who asks, relays the original bytes to the model provider, counts what they cost, and keeps a signed record of everything.

It fails closed: what it can't identify, price or record is refused.

SIGTERM ends it: no new requests, those under way finish, the record is closed; a second one ends it at once. SIGHUP lets it read its configuration again; a bad one is refused with a line in the log, and the old one stays.)";

}  // namespace

command_line::Program AgentProgram() {
  command_line::Program program{
      .name = "postern-agent",
      .sentence = "the gate between Claude Code and the model provider on this host",
      .description = kDescription,
      .section = 8,
      .groups = {{"key", "Makes, lists, switches off and on the virtual keys of a lone host."},
                 {"events", "Shows, follows or verifies the record."}},
      .files = {{"/etc/postern/agent.yaml", "The configuration; config/agent.yaml explains every setting."},
                {"/var/lib/postern-agent", "The record and all else that the agent keeps."}},
      .examples = {{"postern-agent check", "Says whether the configuration is good."},
                   {"postern-agent events --follow", "Shows requests as they end."},
                   {"postern-agent events verify", "Checks the signed chain of events."}},
  };
  for (auto& commands :
       {RunCommands(), EnrollCommands(), KeyCommands(), EventsCommands(), StatusCommands(), DoctorCommands()})
    program.commands.insert(program.commands.end(), commands.begin(), commands.end());
  program.commands.push_back(command_line::ManCommand());
  program.commands.push_back(command_line::CompletionCommand());
  return program;
}

}  // namespace postern::commands
