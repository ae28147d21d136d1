#include "agent/screening/restore.h"

#include <algorithm>

#include "shared/base/json_text.h"
#include "shared/secrets/redaction.h"

namespace postern::screening {
namespace {

// The placeholder that begins here; empty where none does. What stands around it doesn't matter: only a
// secret of this session can have made one that is known.
std::string_view PlaceholderAt(std::string_view text, size_t at) {
  const std::string_view whole = text.substr(at, secrets::kPlaceholderBytes);
  const std::string_view letters =
      whole.substr(std::min(whole.size(), secrets::kPlaceholderBeginning.size()));
  const bool is_one =
      whole.size() == secrets::kPlaceholderBytes &&
      std::all_of(letters.begin(), letters.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  return is_one ? whole : std::string_view();
}

}  // namespace

Restored RestoreOriginals(std::string_view json,
                          const std::function<std::optional<std::string>(std::string_view)>& original) {
  Restored restored;
  size_t copied = 0;
  for (size_t at = json.find(secrets::kPlaceholderBeginning); at != std::string_view::npos;
       at = json.find(secrets::kPlaceholderBeginning, at + 1)) {
    const std::string_view placeholder = PlaceholderAt(json, at);
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
