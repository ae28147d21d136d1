#include "agent/screening/restore.h"

#include "shared/base/json_text.h"
#include "shared/secrets/redaction.h"

namespace postern::screening {
namespace {

bool IsOfWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// The placeholder that begins here; empty where none does.
std::string_view PlaceholderAt(std::string_view text, size_t at) {
  size_t end = at + secrets::kPlaceholderBeginning.size();
  while (end < text.size() && text[end] >= 'a' && text[end] <= 'z') ++end;
  const bool ends = end == text.size() || !IsOfWord(text[end]);
  return ends && end - at == secrets::kPlaceholderBytes ? text.substr(at, end - at) : std::string_view();
}

}  // namespace

Restored RestoreOriginals(std::string_view json,
                          const std::function<std::optional<std::string>(std::string_view)>& original) {
  Restored restored;
  size_t copied = 0;
  for (size_t at = json.find(secrets::kPlaceholderBeginning); at != std::string_view::npos;
       at = json.find(secrets::kPlaceholderBeginning, at + 1)) {
    // The letter of an escape ("\n") isn't the beginning of a word.
    const bool begins = at == 0 || !IsOfWord(json[at - 1]) || (at >= 2 && json[at - 2] == '\\');
    const std::string_view placeholder = begins ? PlaceholderAt(json, at) : std::string_view();
    if (placeholder.empty()) continue;
    const auto text = original(placeholder);
    if (!text) continue;
    const std::string escaped = JsonString(*text);
    restored.json += json.substr(copied, at - copied);
    restored.json += std::string_view(escaped).substr(1, escaped.size() - 2);
    copied = at + placeholder.size();
    ++restored.times;
  }
  restored.json += json.substr(copied);
  return restored;
}

}  // namespace postern::screening
