#include "shared/secrets/view_roles.h"

#include <algorithm>
#include <string>
#include <utility>

#include "shared/secrets/json_escape.h"
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

namespace {

// The members of the object that begins here whose values are strings, in order, until `take` has what it
// wants: the key, the value, and the byte behind it. Behind the object otherwise; npos where it has no end.
template <class Take>
size_t ReadStrings(std::string_view text, size_t begin, Take take) {
  int depth = 0;
  std::string_view last;  // the last string at the object's own level
  bool is_value = false;
  for (size_t at = begin; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return at + 1;
    if (depth == 1 && c == ':') is_value = true;
    if (depth == 1 && c == ',') is_value = false;
    if (c != '"') continue;
    const size_t end = StringEnd(text, at);
    if (end == std::string_view::npos) return end;
    const std::string_view contents = text.substr(at + 1, end - at - 1);
    if (depth == 1 && is_value && take(last, contents)) return end + 1;
    if (depth == 1) last = contents;
    at = end;
  }
  return std::string_view::npos;
}

bool IsOfMachines(std::string_view media_type) {
  return media_type.starts_with("image/") || media_type == "application/pdf";
}

}  // namespace

void TellType(std::string_view text, size_t begin, OpenValue& object) {
  bool has_type = false;
  bool has_media_type = object.role != ViewRole::kSource;
  bool is_of_machines = has_media_type;
  const size_t told_at = ReadStrings(text, begin, [&](std::string_view key, std::string_view value) {
    if (key == "type" && !std::exchange(has_type, true)) object.type = TypeOf(value);
    if (key == "media_type" && !std::exchange(has_media_type, true)) is_of_machines = IsOfMachines(value);
    return has_type && (has_media_type || object.type != BlockType::kBase64);
  });
  object.told_at = std::min(told_at, text.size());
  if (object.type == BlockType::kBase64 && !is_of_machines) object.type = BlockType::kOther;
}

bool TakesKey(OpenValue& object, std::string_view key) {
  if (object.role != ViewRole::kBlock && object.role != ViewRole::kSource) return true;
  const bool is_escaped = key.find('\\') != std::string_view::npos;
  const std::string plain = is_escaped ? Unescaped(key) : std::string();
  if (is_escaped) key = plain;
  if (key == "type") return !std::exchange(object.has_type, true);
  if (key == "media_type") return !std::exchange(object.has_media_type, true);
  return true;
}

}  // namespace postern::secrets
