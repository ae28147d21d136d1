// A text that was made of another, and where its bytes come from. Pure.
//
// It is kept as stretches, each of which may begin with one character that was an escape; what follows was
// copied byte by byte:
//
//   other   a \ n b c \ " d           stretches   (0: a)  (1: \n → newline, then b c)  (4: \" → ", then d)
//   text    a ↵ b c " d
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "shared/secrets/expression.h"

namespace postern::secrets {

// Thread-compatible.
class MappedText {
 public:
  std::string_view text() const { return {bytes_.get(), size_}; }

  // The bytes of the other text that these stand for; whole escapes.
  Span Raw(const Span& span) const;
  // Whether all of these stand in the contents of one string that is a value: what may be replaced by other
  // characters that need no escape.
  bool IsInOneValue(const Span& span) const;
  // The contents of the first string that is a value, isn't empty and ends behind this byte.
  std::optional<Span> ValueFrom(size_t at) const;
  // The first byte here that stands for something at or behind this byte of the other text.
  size_t FirstFrom(size_t raw) const;

  // For whoever makes one. A string's number is 0 for structure and keys. Both texts are shorter than 4 GB.
  void Reserve(size_t bytes);
  void Copy(std::string_view bytes, size_t raw, uint32_t string);
  // As Copy, of what stands in a JSON string: up to the first character that is neither plain nor begins an
  // escape of two, which is the closing quote in most strings. How many bytes were read.
  size_t CopyString(std::string_view bytes, size_t raw, uint32_t string);
  void Replace(std::string_view bytes, const Span& raw, uint32_t string);  // at most 4 bytes, for one escape
  void Append(const MappedText& other, const Span& span, uint32_t string);
  struct Mark {
    size_t text, pieces;
  };
  Mark mark() const { return {size_, pieces_.size()}; }
  void CutTo(const Mark& mark);
  // Empty again, with the memory that it has if that isn't unusually much.
  void Clear();

 private:
  struct Piece {
    uint32_t begin;  // here; up to the next piece
    uint32_t raw;    // there
    uint32_t string;
    uint32_t head : 3;  // bytes here that stand for `head_raw` there; the others are copied
    uint32_t head_raw : 29;

    size_t RawOf(size_t at) const { return raw + head_raw + (at - begin - head); }  // of a copied byte
  };
  size_t PieceAt(size_t at) const;
  size_t EndOf(size_t piece) const { return piece + 1 < pieces_.size() ? pieces_[piece + 1].begin : size_; }
  void GoOn(size_t raw, uint32_t string);

  std::unique_ptr<char[]> bytes_;
  size_t size_ = 0;
  size_t capacity_ = 0;
  std::vector<Piece> pieces_;
};

// How many bytes of the text there are before its first quote, backslash or control character.
size_t PlainPrefix(std::string_view text);

}  // namespace postern::secrets
