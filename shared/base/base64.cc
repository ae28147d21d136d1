#include "shared/base/base64.h"

#include <cstdint>

namespace postern {
namespace {

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string ToBase64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = bytes.size() - i < 3 ? bytes.size() - i : 3;
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k)
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (size_t k = 0; k < 4; ++k) text.push_back(k <= count ? kDigits[group >> (18 - 6 * k) & 63] : '=');
  }
  return text;
}

Result<std::string> FromBase64(std::string_view text) {
  const Error wrong{ErrorCode::kInvalid, "text is not base 64"};
  if (text.size() % 4 != 0) return wrong;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (size_t i = 0; i < text.size(); i += 4) {
    const bool last = i + 4 == text.size();
    size_t padding = 0;
    uint32_t group = 0;
    for (size_t k = 0; k < 4; ++k) {
      const char c = text[i + k];
      if (last && c == '=' && k >= 2) {
        ++padding;
        group <<= 6;
        continue;
      }
      const size_t digit = kDigits.find(c);
      if (digit == std::string_view::npos || padding > 0) return wrong;
      group = group << 6 | static_cast<uint32_t>(digit);
    }
    for (size_t k = 0; k < 3 - padding; ++k) bytes.push_back(static_cast<char>(group >> (16 - 8 * k) & 255));
    if ((padding == 1 && (group & 255) != 0) || (padding == 2 && (group & 65535) != 0)) return wrong;
  }
  return bytes;
}

}  // namespace postern
