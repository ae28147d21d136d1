#include "shared/pricing/model_name.h"

#include <algorithm>

namespace postern::pricing {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool DropSuffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

// "-v1", "-v1:0", "-v2:0:200k": Bedrock's version of its own packaging.
void DropBedrockVersion(std::string_view& id) {
  const size_t at = id.rfind("-v");
  if (at == std::string_view::npos || at + 2 == id.size()) return;
  const std::string_view version = id.substr(at + 2);
  if (IsDigit(version.front()) && version.find('-') == std::string_view::npos) id = id.substr(0, at);
}

// "us.anthropic.claude-…" → kRegional, "claude-…"; a bare "anthropic.claude-…" runs in the region that is
// called.
Endpoint TakeBedrockPrefix(std::string_view& id) {
  constexpr std::string_view kVendor = "anthropic.";
  const size_t at = id.find(kVendor);
  if (at == std::string_view::npos || (at > 0 && id[at - 1] != '.')) return Endpoint::kUnsaid;
  const bool global = id.substr(0, at) == "global.";
  id.remove_prefix(at + kVendor.size());
  DropBedrockVersion(id);
  return global ? Endpoint::kGlobal : Endpoint::kRegional;
}

}  // namespace

ModelName ParseModelName(std::string_view name) {
  DropSuffix(name, "[1m]");
  if (name.starts_with("arn:")) name.remove_prefix(std::min(name.rfind('/') + 1, name.size()));
  const Endpoint endpoint = TakeBedrockPrefix(name);
  std::string id(name);
  if (const size_t at = id.find('@'); at != std::string::npos) {
    const std::string_view version = name.substr(at + 1);
    if (version == "default" || version == "latest") {
      id.resize(at);
    } else {
      id[at] = '-';
    }
  }
  return {std::move(id), endpoint};
}

}  // namespace postern::pricing
