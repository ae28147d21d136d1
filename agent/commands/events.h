// `postern-agent events`: shows the record, follows it, checks it.
//
//   events [--follow] [--json] [--since 2h|2026-11-23|…] [--limit N]
//   events verify [--json]
#pragma once

#include <iosfwd>
#include <span>
#include <string>

namespace postern::commands {

// Where the record of this agent is found.
struct RecordPlace {
  std::string state_directory;
  std::string socket;  // agent.sock
};

// The words after "events". Without --since and --limit the last 50 rows (with --json: events). With --follow
// it ends when `out` does or the agent goes away. Exit codes: 0 done, 1 no record or an unsound one, 2 wrong
// usage, 3 the record can't be reached.
int RunEventsCommand(std::span<const std::string> words, const RecordPlace& place, std::ostream& out,
                     std::ostream& err);

// The same with --config FILE or --config=FILE among the words, which says where the record is.
int RunEventsCommand(std::span<const std::string> words, std::ostream& out, std::ostream& err);

}  // namespace postern::commands
