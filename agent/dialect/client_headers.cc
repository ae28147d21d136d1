#include "agent/dialect/client_headers.h"

#include <algorithm>

namespace postern::dialect {
namespace {

constexpr size_t kLongestId = 64;
constexpr size_t kLongestUserAgent = 256;

bool IsIdCharacter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool SameName(std::string_view name, std::string_view lower) {
  return name.size() == lower.size() &&
         std::equal(name.begin(), name.end(), lower.begin(), [](char a, char b) { return Lower(a) == b; });
}

void TakeId(std::string& id, std::string_view value) {
  if (id.empty() && IsClientId(value)) id = value;
}

}  // namespace

bool IsClientId(std::string_view text) {
  return !text.empty() && text.size() <= kLongestId && std::all_of(text.begin(), text.end(), IsIdCharacter);
}

void ClientHeaders::See(std::string_view name, std::string_view value) {
  if (SameName(name, "x-claude-code-session-id")) return TakeId(session_id, value);
  if (SameName(name, "x-claude-code-agent-id")) return TakeId(agent_id, value);
  if (SameName(name, "x-claude-code-parent-agent-id")) return TakeId(parent_agent_id, value);
  if (SameName(name, "user-agent") && user_agent.empty()) {
    const bool printable =
        std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
    if (printable) user_agent = value.substr(0, kLongestUserAgent);
  }
}

}  // namespace postern::dialect
