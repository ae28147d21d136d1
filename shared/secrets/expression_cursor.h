// A place in a regular expression of RE2's syntax, and the reading of what can stand for single characters.
// Only shared/secrets includes this.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "shared/secrets/byte_set.h"
#include "shared/secrets/pattern_part.h"

namespace postern::secrets {

// A class in brackets.
struct ReadClass {
  ByteSet set;               // of it, or of what it leaves out
  bool wide = false;         // it takes characters beyond ASCII
  bool has_foreign = false;  // it names a character beyond ASCII
  bool negated = false;
  std::string written;  // what stands between the brackets, for Vectorscan
};

// Thread-compatible.
class ExpressionCursor {
 public:
  explicit ExpressionCursor(std::string_view text) : text_(text) {}

  std::string_view text() const { return text_; }
  size_t at() const { return at_; }
  void GoTo(size_t at) { at_ = at; }
  void Skip(size_t characters = 1) { at_ += characters; }
  bool End() const { return at_ >= text_.size(); }
  char Peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  std::string_view Since(size_t begin) const { return text_.substr(begin, at_ - begin); }

  // Each of these takes what comes next. Nothing, or false, for what isn't understood.
  // After a backslash, a character by its number or letter; nothing for what is no single character.
  std::optional<unsigned> EscapedCharacter();
  bool SkipUnicodeClass();  // after a backslash
  std::optional<ReadClass> Class();
  // * + ? {n} {n,} {n,m}; nothing where none stands, and a brace is a character.
  std::optional<Repetition> Times();

 private:
  std::optional<Repetition> Braces();
  std::optional<unsigned> HexCharacter();
  bool ClassItem(ReadClass& read);
  bool NamedItem(ReadClass& read);
  std::optional<unsigned> ClassCharacter();

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace postern::secrets
