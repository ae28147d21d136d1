#include "agent/dialect/client_headers.h"

#include <string>

#include <gtest/gtest.h>

namespace postern::dialect {
namespace {

TEST(ClientHeaders, TakesWhatClaudeCodeSays) {
  ClientHeaders headers;
  headers.See("Content-Type", "application/json");
  headers.See("X-Claude-Code-Session-Id", "0b7dbe0c-6a2f-4b0d-9a3f-1f2e3d4c5b6a");
  headers.See("x-claude-code-agent-id", "a0123456789abcdef");
  headers.See("X-CLAUDE-CODE-PARENT-AGENT-ID", "afedcba9876543210");
  headers.See("User-Agent", "claude-cli/2.1.330 (external, cli)");
  EXPECT_EQ(headers.session_id, "0b7dbe0c-6a2f-4b0d-9a3f-1f2e3d4c5b6a");
  EXPECT_EQ(headers.agent_id, "a0123456789abcdef");
  EXPECT_EQ(headers.parent_agent_id, "afedcba9876543210");
  EXPECT_EQ(headers.user_agent, "claude-cli/2.1.330 (external, cli)");
}

TEST(ClientHeaders, AValueOfAnotherShapeIsNotGiven) {
  ClientHeaders headers;
  headers.See("x-claude-code-session-id", "");
  headers.See("x-claude-code-session-id", std::string(65, 'a'));
  headers.See("x-claude-code-session-id", "a b");
  headers.See("x-claude-code-agent-id", "a\x1b[31m");
  headers.See("user-agent", "caf\xC3\xA9");
  EXPECT_EQ(headers.session_id, "");
  EXPECT_EQ(headers.agent_id, "");
  EXPECT_EQ(headers.user_agent, "");
  headers.See("x-claude-code-session-id", "first");
  headers.See("x-claude-code-session-id", "second");
  EXPECT_EQ(headers.session_id, "first");
}

TEST(ClientHeaders, ALongUserAgentIsCut) {
  ClientHeaders headers;
  headers.See("user-agent", std::string(1000, 'x'));
  EXPECT_EQ(headers.user_agent.size(), 256U);
}

}  // namespace
}  // namespace postern::dialect
