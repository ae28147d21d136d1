// A JSON text as rules can read it. In the raw bytes of a request every second secret would be missed: an
// escape stands where a rule wants a quote or a newline, and the key before a value is what makes it a
// secret. So the view keeps the structure and writes the contents of strings unescaped in their places; a
// string that is itself a JSON object or list is opened again. It knows where each of its bytes comes from:
//
//   raw    {"text":"a=\"b\"\nc"}          {"json":"{\"k\":\"v\"}"}
//   view   {"text":"a="b"                 {"json":"{"k":"v"}"}
//          c"}
//
// What no person reads stays out of it, if it stands where the Messages API has it, and never within a tool's
// input: the data of base64 images and documents, signatures, ids, encrypted content. It fails closed: what
// is no JSON has no view. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/secrets/expression.h"

namespace postern::secrets {

// A text that was made of another, and where its bytes come from. Thread-compatible.
class MappedText {
 public:
  const std::string& text() const { return text_; }

  // The bytes of the other text that these stand for; whole escapes.
  Span Raw(const Span& span) const;
  // Whether all of these stand in the contents of one string that is a value: what may be replaced by other
  // characters that need no escape.
  bool IsInOneValue(const Span& span) const;

  // For whoever makes one. A string's number is 0 for structure and keys.
  void Reserve(size_t bytes) { text_.reserve(bytes); }
  void Copy(std::string_view bytes, size_t raw, uint32_t string);
  void Replace(std::string_view bytes, const Span& raw, uint32_t string);
  void Append(const MappedText& other, const Span& span, uint32_t string);
  struct Mark {
    size_t text, pieces;
  };
  Mark mark() const { return {text_.size(), pieces_.size()}; }
  void CutTo(const Mark& mark);

 private:
  struct Piece {
    size_t begin;  // here; up to the next piece
    Span raw;
    bool copied;  // byte by byte
    uint32_t string;
  };
  size_t PieceAt(size_t at) const;
  size_t EndOf(size_t piece) const;

  std::string text_;
  std::vector<Piece> pieces_;
};

// kInvalid where it is no JSON or nested too deeply.
Result<MappedText> LinearView(std::string_view json);

}  // namespace postern::secrets
