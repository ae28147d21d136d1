#include "agent/identity/presented_key.h"

namespace postern::identity {
namespace {

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// Scheme names ignore case (RFC 9110 §11.1).
std::string_view BearerToken(std::string_view value) {
  constexpr std::string_view kScheme = "bearer ";
  value = Trimmed(value);
  if (value.size() < kScheme.size()) return {};
  for (size_t i = 0; i < kScheme.size(); ++i) {
    const char c = value[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != kScheme[i]) return {};
  }
  return Trimmed(value.substr(kScheme.size()));
}

}  // namespace

std::optional<std::string_view> PresentedKey(const KeyHeaders& headers, Mode mode) {
  const std::string_view candidates[] = {Trimmed(headers.postern_key.value_or("")),
                                         BearerToken(headers.authorization.value_or("")),
                                         Trimmed(headers.api_key.value_or(""))};
  for (const std::string_view key : candidates) {
    if (!key.empty() && !(mode == Mode::kOsUser && key == kOsUserToken)) return key;
  }
  return std::nullopt;
}

}  // namespace postern::identity
