#include "tests/agent/dialect/plain_json.h"

#include <cctype>
#include <cstdint>
#include <cstdlib>

namespace postern::dialect {
namespace {

// -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
bool IsNumber(std::string text) {
  const auto take = [&text](std::string_view any_of) {
    if (text.empty() || any_of.find(text[0]) == std::string_view::npos) return false;
    text.erase(0, 1);
    return true;
  };
  const auto digits = [&take] {
    if (!take("0123456789")) return false;
    while (take("0123456789")) continue;
    return true;
  };
  take("-");
  if (!take("0") && !digits()) return false;
  if (take(".") && !digits()) return false;
  if (take("eE")) {
    take("+-");
    if (!digits()) return false;
  }
  return text.empty();
}

class Parser {
 public:
  Parser(std::string_view text, size_t deepest) : text_(text), deepest_(deepest) {}

  std::optional<PlainJson> Document() {
    PlainJson value;
    if (!Value(value, 0)) return std::nullopt;
    Space();
    if (at_ != text_.size()) return std::nullopt;
    return value;
  }

 private:
  char Here() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool Take(char c) {
    if (Here() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }
  void Space() {
    while (at_ < text_.size() && (Here() == ' ' || Here() == '\t' || Here() == '\n' || Here() == '\r')) ++at_;
  }

  bool Value(PlainJson& value, size_t depth) {
    Space();
    if (Here() == '{') return Object(value, depth);
    if (Here() == '[') return Array(value, depth);
    if (Here() == '"') {
      value.kind = PlainJson::Kind::kString;
      return String(value.text);
    }
    return Word(value);
  }

  bool Object(PlainJson& value, size_t depth) {
    value.kind = PlainJson::Kind::kObject;
    Take('{');
    Space();
    if (Take('}')) return true;
    if (depth == deepest_) return false;
    do {
      auto& [key, member] = value.members.emplace_back();
      Space();
      if (!String(key)) return false;
      Space();
      if (!Take(':') || !Value(member, depth + 1)) return false;
      Space();
    } while (Take(','));
    return Take('}');
  }

  bool Array(PlainJson& value, size_t depth) {
    value.kind = PlainJson::Kind::kArray;
    Take('[');
    Space();
    if (Take(']')) return true;
    if (depth == deepest_) return false;
    do {
      if (!Value(value.elements.emplace_back(), depth + 1)) return false;
      Space();
    } while (Take(','));
    return Take(']');
  }

  bool String(std::string& raw) {
    if (!Take('"')) return false;
    while (at_ < text_.size() && Here() != '"') {
      if (static_cast<unsigned char>(Here()) < 0x20) return false;
      if (Here() == '\\') {
        raw += text_[at_++];
        if (at_ == text_.size() || static_cast<unsigned char>(Here()) < 0x20) return false;
      }
      raw += text_[at_++];
    }
    return Take('"');
  }

  bool Word(PlainJson& value) {
    while (at_ < text_.size() && std::string_view(" \t\r\n{}[],:\"").find(Here()) == std::string_view::npos) {
      value.text += text_[at_++];
    }
    if (value.text == "true") return value.kind = PlainJson::Kind::kTrue, true;
    if (value.text == "false") return value.kind = PlainJson::Kind::kFalse, true;
    if (value.text == "null") return value.kind = PlainJson::Kind::kNull, true;
    value.kind = PlainJson::Kind::kNumber;
    return IsNumber(value.text);
  }

  std::string_view text_;
  size_t deepest_;
  size_t at_ = 0;
};

bool IsUtf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const size_t length = lead < 0x80       ? 1
                          : lead >> 5 == 6  ? 2
                          : lead >> 4 == 14 ? 3
                          : lead >> 3 == 30 ? 4
                                            : 0;
    if (length == 0 || at + length > text.size()) return false;
    uint32_t code = length == 1 ? lead : lead & (0xFF >> (length + 1));
    for (size_t i = 1; i < length; ++i) {
      const auto next = static_cast<unsigned char>(text[at + i]);
      if (next >> 6 != 2) return false;
      code = code << 6 | (next & 0x3F);
    }
    static constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < kLeast[length] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return false;
    at += length;
  }
  return true;
}

void PutUtf8(uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 63))};
  } else if (code < 0x10000) {
    out += {static_cast<char>(0xE0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 63)),
            static_cast<char>(0x80 | (code & 63))};
  } else {
    out += {static_cast<char>(0xF0 | code >> 18), static_cast<char>(0x80 | (code >> 12 & 63)),
            static_cast<char>(0x80 | (code >> 6 & 63)), static_cast<char>(0x80 | (code & 63))};
  }
}

// The code unit of "\uXXXX" at `at`, or -1.
int64_t UnitAt(std::string_view raw, size_t at) {
  if (at + 6 > raw.size() || raw[at] != '\\' || raw[at + 1] != 'u') return -1;
  const std::string digits(raw.substr(at + 2, 4));
  for (const char c : digits) {
    if (!std::isxdigit(static_cast<unsigned char>(c))) return -1;
  }
  return std::strtol(digits.c_str(), nullptr, 16);
}

}  // namespace

std::optional<PlainJson> ParsePlainJson(std::string_view text, size_t deepest) {
  if (!IsUtf8(text)) return std::nullopt;
  return Parser(text, deepest).Document();
}

std::optional<std::string> DecodePlainString(std::string_view raw) {
  std::string out;
  for (size_t at = 0; at < raw.size();) {
    if (raw[at] != '\\') {
      out += raw[at++];
      continue;
    }
    if (at + 1 == raw.size()) return std::nullopt;
    if (raw[at + 1] == 'u') {
      const int64_t first = UnitAt(raw, at);
      if (first < 0) return std::nullopt;
      at += 6;
      const int64_t second = UnitAt(raw, at);
      const bool high = first >= 0xD800 && first < 0xDC00;
      if (high && second >= 0xDC00 && second < 0xE000) {
        PutUtf8(static_cast<uint32_t>(0x10000 + (first - 0xD800) * 0x400 + (second - 0xDC00)), out);
        at += 6;
      } else {
        PutUtf8(first >= 0xD800 && first < 0xE000 ? 0xFFFD : static_cast<uint32_t>(first), out);
      }
      continue;
    }
    static constexpr std::string_view kFrom = "\"\\/bfnrt";
    static constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
    const size_t which = kFrom.find(raw[at + 1]);
    if (which == std::string_view::npos) return std::nullopt;
    out += kTo[which];
    at += 2;
  }
  return out;
}

}  // namespace postern::dialect
