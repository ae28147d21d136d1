#include "shared/secrets/encodings.h"

#include <algorithm>
#include <array>

namespace postern::secrets {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// 0…63, of either alphabet; -1 for others.
constexpr std::array<int8_t, 256> MakeBase64Values() {
  std::array<int8_t, 256> values{};
  for (auto& value : values) value = -1;
  for (size_t i = 0; i < 26; ++i) {
    values['A' + i] = static_cast<int8_t>(i);
    values['a' + i] = static_cast<int8_t>(26 + i);
  }
  for (size_t i = 0; i < 10; ++i) values['0' + i] = static_cast<int8_t>(52 + i);
  values['+'] = values['-'] = 62;
  values['/'] = values['_'] = 63;
  return values;
}
constexpr auto kBase64Values = MakeBase64Values();

// As Gitleaks counts: tabs, newlines and what terminals take as signs are part of a text.
bool IsPrintable(char c) { return c >= '\t' && c <= '~'; }

void AppendCharacter(std::string& out, unsigned code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

// A percent sign and two digits: what they stand for.
std::optional<char> PercentCharacter(std::string_view text, size_t at) {
  if (at + 2 >= text.size() || text[at] != '%' || HexValue(text[at + 1]) < 0 || HexValue(text[at + 2]) < 0)
    return std::nullopt;
  return static_cast<char>(HexValue(text[at + 1]) * 16 + HexValue(text[at + 2]));
}

std::optional<unsigned> FourDigits(std::string_view text, size_t at) {
  if (at + 4 > text.size()) return std::nullopt;
  unsigned code = 0;
  for (size_t i = at; i < at + 4; ++i) {
    const int value = HexValue(text[i]);
    if (value < 0) return std::nullopt;
    code = code * 16 + static_cast<unsigned>(value);
  }
  // Halves of pairs are no characters; nobody writes a credential in them.
  if (code >= 0xd800 && code < 0xe000) return 0xfffd;
  return code;
}

}  // namespace

bool IsPercentEscape(std::string_view text, size_t at) {
  const auto character = PercentCharacter(text, at);
  return character && IsPrintable(*character);
}

std::optional<EncodedPiece> PercentAt(std::string_view text, size_t at) {
  EncodedPiece piece{.span = {at, at}, .value = {}, .encoding = kPercent};
  while (const auto character = PercentCharacter(text, piece.span.end)) {
    if (IsPrintable(*character)) {
      piece.value += *character;
    } else {
      piece.value += text.substr(piece.span.end, 3);
    }
    piece.span.end += 3;
  }
  if (piece.span.size() == 0) return std::nullopt;
  return piece;
}

std::optional<EncodedPiece> EscapesAt(std::string_view text, size_t at) {
  EncodedPiece piece{.span = {at, at}, .value = {}, .encoding = kUnicode};
  while (piece.span.end < text.size() && text[piece.span.end] == '\\') {
    size_t i = piece.span.end + 1;
    if (i < text.size() && text[i] == '\\') ++i;
    if (i >= text.size() || (text[i] != 'u' && text[i] != 'U')) break;
    const auto code = FourDigits(text, i + 1);
    if (!code) break;
    AppendCharacter(piece.value, *code);
    piece.span.end = i + 5;
  }
  if (piece.span.size() == 0) return std::nullopt;
  return piece;
}

std::optional<EncodedPiece> CodePointsAt(std::string_view text, size_t at, const ValueEnds& ends) {
  EncodedPiece piece{.span = {at, at}, .value = {}, .encoding = kUnicode};
  while (text.substr(piece.span.end).starts_with("U+")) {
    const auto code = FourDigits(text, piece.span.end + 2);
    const size_t end = piece.span.end + 6;
    const bool has_space =
        end < text.size() && std::string_view(" \n\t\r\f").find(text[end]) != std::string_view::npos;
    if (!code || !(has_space || end == text.size() || (ends && ends(end)))) break;
    AppendCharacter(piece.value, *code);
    piece.span.end = has_space ? end + 1 : end;
  }
  if (piece.span.size() == 0) return std::nullopt;
  return piece;
}

std::optional<std::string> FromHexDigits(std::string_view digits) {
  if (digits.size() % 2 != 0) return std::nullopt;
  std::string value;
  for (size_t i = 0; i < digits.size(); i += 2) {
    const char c = static_cast<char>(HexValue(digits[i]) * 16 + HexValue(digits[i + 1]));
    if (!IsPrintable(c)) return std::nullopt;
    value += c;
  }
  return value;
}

std::optional<std::string> FromBase64Digits(std::string_view digits) {
  while (digits.ends_with('=')) digits.remove_suffix(1);
  if (digits.size() % 4 == 1) return std::nullopt;
  std::string value;
  unsigned bits = 0;
  int held = 0;
  for (const char c : digits) {
    bits = bits << 6 | static_cast<unsigned>(kBase64Values[static_cast<unsigned char>(c)]);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    const char byte = static_cast<char>(bits >> held & 0xff);
    if (!IsPrintable(byte)) return std::nullopt;
    value += byte;
  }
  return value;
}

}  // namespace postern::secrets
