// `postern-agent status` and `postern-agent reload`: what is asked of the running agent.
#pragma once

#include <iosfwd>
#include <span>
#include <string>

namespace postern::commands {

// Exit codes: 0 it runs and keeps its record, 1 it runs and can't, 2 wrong usage or configuration, 3 it can't
// be reached.
int RunStatusCommand(std::span<const std::string> words, std::ostream& out, std::ostream& err);

// Exit codes: 0 done, 1 refused (the old configuration stays), 2 wrong usage, 3 the agent can't be reached.
int RunReloadCommand(std::span<const std::string> words, std::ostream& out, std::ostream& err);

// {"a":"b","c":3} as lines "a  b": one a member of a flat object of our own making. Pure.
std::string StatusRows(std::string_view json);

}  // namespace postern::commands
