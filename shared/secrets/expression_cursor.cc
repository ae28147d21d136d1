#include "shared/secrets/expression_cursor.h"

#include <algorithm>

namespace postern::secrets {
namespace {

constexpr unsigned kBeyondAscii = 0x80;  // some character of these: which one is no matter

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

}  // namespace

std::optional<unsigned> ExpressionCursor::EscapedCharacter() {
  const char c = Peek();
  ++at_;
  switch (c) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'r': return '\r';
    case 'f': return '\f';
    case 'v': return '\v';
    case 'a': return 7;
    case 'x': return HexCharacter();
    default: break;
  }
  if (IsDigit(c) || IsLetter(c) || static_cast<unsigned char>(c) >= 0x80 || c == '\0') return std::nullopt;
  return static_cast<unsigned char>(c);
}

std::optional<unsigned> ExpressionCursor::HexCharacter() {
  std::string_view digits;
  if (Peek() == '{') {
    const size_t end = text_.find('}', at_);
    if (end == std::string_view::npos) return std::nullopt;
    digits = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
  } else {
    digits = text_.substr(at_, 2);
    at_ += digits.size();
  }
  if (digits.empty() || digits.size() > 6 || !std::all_of(digits.begin(), digits.end(), IsHex))
    return std::nullopt;
  return static_cast<unsigned>(std::stoul(std::string(digits), nullptr, 16));
}

bool ExpressionCursor::SkipUnicodeClass() {
  if (Peek(1) == '{') {
    const size_t end = text_.find('}', at_);
    if (end == std::string_view::npos) return false;
    at_ = end + 1;
    return true;
  }
  if (!IsLetter(Peek(1))) return false;
  at_ += 2;
  return true;
}

std::optional<Repetition> ExpressionCursor::Braces() {
  size_t ahead = 1;
  const auto number = [&]() -> std::optional<size_t> {
    size_t value = 0;
    const size_t begin = ahead;
    while (IsDigit(Peek(ahead)) && ahead - begin < 5)
      value = value * 10 + static_cast<size_t>(Peek(ahead++) - '0');
    return ahead == begin ? std::nullopt : std::optional(value);
  };
  const auto least = number();
  if (!least) return std::nullopt;
  Repetition times{.least = *least, .most = *least};
  if (Peek(ahead) == ',') {
    ++ahead;
    times.most = number();
  }
  if (Peek(ahead) != '}') return std::nullopt;
  Skip(ahead + 1);
  return times;
}

std::optional<Repetition> ExpressionCursor::Times() {
  if (End()) return std::nullopt;
  const char c = Peek();
  if (c == '{') return Braces();
  if (c != '*' && c != '+' && c != '?') return std::nullopt;
  Skip();
  if (c == '?') return Repetition{.least = 0, .most = 1};
  return Repetition{.least = c == '+' ? size_t{1} : 0, .most = std::nullopt};
}

std::optional<ReadClass> ExpressionCursor::Class() {
  Skip();
  ReadClass read;
  if (Peek() == '^') {
    read.negated = read.wide = true;
    Skip();
  }
  for (bool first = true; first || Peek() != ']'; first = false) {
    if (End() || !ClassItem(read)) return std::nullopt;
  }
  if (End()) return std::nullopt;
  Skip();
  return read;
}

// [:name:] or [:^name:]
bool ExpressionCursor::NamedItem(ReadClass& read) {
  const size_t begin = at_;
  const size_t end = text_.find(":]", at_);
  if (end == std::string_view::npos) return false;
  std::string_view name = text_.substr(at_ + 2, end - at_ - 2);
  const bool opposite = name.starts_with('^');
  if (opposite) name.remove_prefix(1);
  const auto named = PosixClass(name);
  if (!named) return false;
  at_ = end + 2;
  read.set |= opposite ? ~*named : *named;
  read.wide |= opposite;
  read.written += Since(begin);
  return true;
}

bool ExpressionCursor::ClassItem(ReadClass& read) {
  const size_t begin = at_;
  if (Peek() == '[' && Peek(1) == ':') return NamedItem(read);
  if (Peek() == '\\') {
    const char c = Peek(1);
    if (const auto perl = PerlClass(c)) {
      at_ += 2;
      read.set |= *perl;
      read.wide |= (*perl & BeyondAscii()).any();
      read.written += c == 's' ? "\\t\\n\\f\\r " : c == 'S' ? "\\S\\x0b" : std::string("\\") + c;
      return true;
    }
    if (c == 'p' || c == 'P') {
      ++at_;
      if (!SkipUnicodeClass()) return false;
      read.set = ~ByteSet();
      read.wide = true;
      read.written += Since(begin);
      return true;
    }
  }
  const auto from = ClassCharacter();
  if (!from) return false;
  auto to = from;
  if (Peek() == '-' && Peek(1) != ']' && at_ + 1 < text_.size()) {
    ++at_;
    to = ClassCharacter();
    if (!to || *to < *from) return false;
  }
  read.set |= Range(*from, std::min(*to, 127u));
  read.has_foreign |= *to >= kBeyondAscii;
  // A bare "[" or "]" is written so that it can't begin or end something.
  if (text_[begin] == '[' || text_[begin] == ']') read.written += '\\';
  read.written += Since(begin);
  return true;
}

std::optional<unsigned> ExpressionCursor::ClassCharacter() {
  if (End()) return std::nullopt;
  const char c = Peek();
  ++at_;
  if (c == '\\') return EscapedCharacter();
  if (static_cast<unsigned char>(c) < kBeyondAscii) return static_cast<unsigned char>(c);
  while (!End() && (static_cast<unsigned char>(Peek()) & 0xc0) == 0x80) ++at_;
  return kBeyondAscii;
}

}  // namespace postern::secrets
