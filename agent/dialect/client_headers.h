// What Claude Code says about itself in headers: which session, which subagent, which version.
//
// All of it is the client's word and proves nothing; it joins records that belong together. A value that is
// not of the expected shape is treated as not given, so that no header can put arbitrary text into an event.
#pragma once

#include <string>
#include <string_view>

namespace postern::dialect {

struct ClientHeaders {
  std::string session_id;       // X-Claude-Code-Session-Id: at most 64 of [A-Za-z0-9_-]
  std::string agent_id;         // x-claude-code-agent-id: set for subagents; same shape
  std::string parent_agent_id;  // x-claude-code-parent-agent-id: set for subagents of subagents; same shape
  std::string user_agent;       // User-Agent: at most 256 printable ASCII characters, longer ones are cut

  // Takes one header into account; names are compared without regard to case. Where a header is repeated the
  // first one that is well-formed counts. Others are ignored.
  void See(std::string_view name, std::string_view value);
};

// At most 64 of [A-Za-z0-9_-], and at least one.
bool IsClientId(std::string_view text);

}  // namespace postern::dialect
