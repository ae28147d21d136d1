// `postern-agent events`: shows the record, follows it, checks it.
//
//   events [--follow] [--json] [--since 2h|2026-11-23|…] [--limit N]
//   events verify [--json]
#pragma once

#include <vector>

#include "shared/command_line/program.h"

namespace postern::commands {

// Without --since and --limit the last 50 rows (with --json: events). With --follow it ends when standard
// output does or the agent goes away. Exit codes: 0 done, 1 no record or an unsound one, 2 wrong usage, 3 the
// record can't be reached.
std::vector<command_line::Command> EventsCommands();

}  // namespace postern::commands
