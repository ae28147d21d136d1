// What is encoded within a text, from the left; of what begins in one place the longest. Pure.
//
//   "a=%67%68 b \u0041 c"    the pieces "%67%68" and "\u0041"
//
// A run of base 64 digits beside a percent escape is left for a later pass, when the escape is a character of
// its own: "…YWJj%2BZGVm…" is one run with a plus in it.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "shared/secrets/encodings.h"

namespace postern::secrets {

// Thread-compatible; the text must outlive it.
class EncodedPieces {
 public:
  explicit EncodedPieces(std::string_view text, ValueEnds ends = {});

  // The next one; nothing where there is none left.
  std::optional<EncodedPiece> Next();

 private:
  size_t NextBackslash(size_t from) const;
  size_t NextRun(size_t at) const;
  void SkipTo(size_t at);
  bool IsBesideEscape(const Span& run) const;
  std::optional<EncodedPiece> AtMark(size_t mark);
  std::optional<EncodedPiece> InRun(size_t begin);
  std::optional<EncodedPiece> InnerHex(size_t begin, size_t end);

  std::string_view text_;
  const ValueEnds ends_;
  size_t at_ = 0;   // runs that begin before are settled
  size_t run_ = 0;  // the next of these; npos: none, as below
  size_t percent_ = 0, backslash_ = 0, code_point_ = 0;
};

}  // namespace postern::secrets
