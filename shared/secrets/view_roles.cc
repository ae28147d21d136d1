#include "shared/secrets/view_roles.h"

#include "shared/secrets/mapped_text.h"

namespace postern::secrets {
namespace {

BlockType TypeOf(std::string_view name) {
  if (name == "base64") return BlockType::kBase64;
  if (name == "thinking") return BlockType::kThinking;
  if (name == "redacted_thinking") return BlockType::kRedactedThinking;
  if (name == "tool_use" || name == "server_tool_use" || name == "mcp_tool_use") return BlockType::kToolUse;
  if (name == "web_search_result") return BlockType::kWebSearchResult;
  return name.ends_with("tool_result") ? BlockType::kToolResult : BlockType::kOther;
}

}  // namespace

ViewRole RoleOf(ViewRole outer, std::string_view key) {
  if (outer == ViewRole::kToolInput || key == "input" || key == "input_schema") return ViewRole::kToolInput;
  if (key == "content" || key == "system") return ViewRole::kBlocks;
  if (outer == ViewRole::kBlock && key == "source") return ViewRole::kSource;
  return ViewRole::kOther;
}

bool IsForMachines(const OpenValue& object, std::string_view key) {
  if (object.role == ViewRole::kSource) return key == "data" && object.type == BlockType::kBase64;
  if (object.role != ViewRole::kBlock) return false;
  if (key == "signature") return object.type == BlockType::kThinking;
  if (key == "data") return object.type == BlockType::kRedactedThinking;
  if (key == "id") return object.type == BlockType::kToolUse;
  if (key == "tool_use_id") return object.type == BlockType::kToolResult;
  return key == "encrypted_content" && object.type == BlockType::kWebSearchResult;
}

size_t StringEnd(std::string_view text, size_t begin) {
  for (size_t at = begin + 1; at < text.size(); ++at) {
    at += PlainPrefix(text.substr(at));
    if (at < text.size() && text[at] == '"') return at;
    if (at < text.size() && text[at] == '\\') ++at;
  }
  return std::string_view::npos;
}

void TellType(std::string_view text, size_t begin, OpenValue& object) {
  int depth = 0;
  std::string_view last;  // the last string at the object's own level
  bool is_type = false;
  object.told_at = text.size();
  for (size_t at = begin; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) {
      object.told_at = at + 1;
      return;
    }
    if (depth == 1 && c == ':') is_type = last == "type";
    if (depth == 1 && c == ',') is_type = false;
    if (c != '"') continue;
    const size_t end = StringEnd(text, at);
    if (end == std::string_view::npos) return;
    const std::string_view contents = text.substr(at + 1, end - at - 1);
    if (depth == 1 && is_type) {
      object.type = TypeOf(contents);
      object.told_at = end + 1;
      return;
    }
    if (depth == 1) last = contents;
    at = end;
  }
}

}  // namespace postern::secrets
