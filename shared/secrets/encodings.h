// The encodings that a text may be written in within another: percent signs, \u escapes, hexadecimal and
// base 64 (the alphabets of RFC 4648 §4 and §5). Each function reads one piece. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "shared/secrets/expression.h"

namespace postern::secrets {

enum Encoding : uint8_t { kPercent = 1, kUnicode = 2, kHex = 4, kBase64 = 8 };

// An encoded piece of a text and what it says.
struct EncodedPiece {
  Span span;
  std::string value;
  Encoding encoding;
};

// What a shorter run of digits says is no text worth looking at.
inline constexpr size_t kLeastHex = 32;
inline constexpr size_t kLeastBase64 = 16;

inline bool IsHexDigit(char c) { return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }

// Of either alphabet.
inline bool IsBase64Digit(char c) {
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '+' || c == '/' ||
         c == '-' || c == '_';
}

// "%2f": whether one begins here that stands for a character which may be in a text.
bool IsPercentEscape(std::string_view text, size_t at);

// A run of "%2f%41"; what isn't printable stays as it is written. Nothing where no escape begins.
std::optional<EncodedPiece> PercentAt(std::string_view text, size_t at);
// A run of \u0041, with one backslash or two.
std::optional<EncodedPiece> EscapesAt(std::string_view text, size_t at);
// Whether a value of the text ends here; empty where the text isn't made of values.
using ValueEnds = std::function<bool(size_t at)>;
// A run of "U+0041 "; the last one may end the text, or a value.
std::optional<EncodedPiece> CodePointsAt(std::string_view text, size_t at, const ValueEnds& ends = {});

// What these digits say, if all of it is printable.
std::optional<std::string> FromHexDigits(std::string_view digits);
std::optional<std::string> FromBase64Digits(std::string_view digits);  // with its padding or without

}  // namespace postern::secrets
