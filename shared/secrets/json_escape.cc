#include "shared/secrets/json_escape.h"

#include <optional>

namespace postern::secrets {
namespace {

std::optional<uint32_t> FourDigits(std::string_view text) {
  if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') return std::nullopt;
  uint32_t code = 0;
  for (const char c : text.substr(2, 4)) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return std::nullopt;
    code = code << 4 | static_cast<uint32_t>(digit);
  }
  return code;
}

}  // namespace

size_t WriteUtf8(uint32_t code, char (&character)[4]) {
  const auto rest = [code](int shift) { return static_cast<char>(0x80 | (code >> shift & 0x3f)); };
  if (code < 0x80) {
    character[0] = static_cast<char>(code);
    return 1;
  }
  if (code < 0x800) {
    character[0] = static_cast<char>(0xc0 | code >> 6);
    character[1] = rest(0);
    return 2;
  }
  if (code < 0x10000) {
    character[0] = static_cast<char>(0xe0 | code >> 12);
    character[1] = rest(6);
    character[2] = rest(0);
    return 3;
  }
  character[0] = static_cast<char>(0xf0 | code >> 18);
  character[1] = rest(12);
  character[2] = rest(6);
  character[3] = rest(0);
  return 4;
}

JsonEscape ReadJsonEscape(std::string_view text, char (&character)[4]) {
  if (text.size() < 2 || text[0] != '\\') return {};
  if (const char meaning = MeaningOfEscape(text[1]); meaning != '\0') {
    character[0] = meaning;
    return {.length = 2, .bytes = 1};
  }
  const auto high = FourDigits(text);
  if (!high) return {};
  const bool is_high = *high >= 0xd800 && *high < 0xdc00;
  const auto low = is_high && text.size() >= 12 ? FourDigits(text.substr(6)) : std::nullopt;
  if (low && *low >= 0xdc00 && *low < 0xe000) {
    const uint32_t code = 0x10000 + ((*high - 0xd800) << 10) + (*low - 0xdc00);
    return {.length = 12, .bytes = WriteUtf8(code, character)};
  }
  const bool is_half = *high >= 0xd800 && *high < 0xe000;
  return {.length = 6, .bytes = WriteUtf8(is_half ? 0xfffd : *high, character)};
}

std::string Unescaped(std::string_view contents) {
  std::string plain;
  for (size_t at = 0; at < contents.size();) {
    if (contents[at] != '\\') {
      plain += contents[at++];
      continue;
    }
    char character[4];
    const JsonEscape escape = ReadJsonEscape(contents.substr(at), character);
    if (escape.length == 0) return {};
    plain.append(character, escape.bytes);
    at += escape.length;
  }
  return plain;
}

}  // namespace postern::secrets
