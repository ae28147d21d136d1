// What is known of a piece of a regular expression, and of pieces put together. All of it errs to the safe
// side. Only shared/secrets includes this.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "shared/secrets/byte_set.h"

namespace postern::secrets {

// How often something is repeated.
struct Repetition {
  size_t least = 1;
  std::optional<size_t> most = 1;  // none: without an end
};

struct PatternPart {
  enum class Kind : uint8_t { kText, kOptional, kAssertion, kFlags };

  ByteSet all;                      // bytes that may be in what it matches
  ByteSet run;                      // those of endless repetitions
  size_t fixed = 0;                 // bytes at most, outside of these
  std::optional<size_t> exact = 0;  // it is a literal of this length
  size_t literal = 0;               // it holds one of at least this length
  bool edge = false;                // it asks for a beginning or an end, of a line or the text
  Kind kind = Kind::kText;

  static PatternPart OfClass(const ByteSet& set, size_t bytes_of_character);
  static PatternPart Assertion();
  static PatternPart Edge();
};

// Pieces behind each other. Thread-compatible.
class PartSequence {
 public:
  void Add(const PatternPart& part);
  PatternPart Whole() const;

 private:
  PatternPart whole_;
  size_t in_row_ = 0;  // of a literal, at the end
  bool is_exact_ = true;
};

// One of these. An edge beside something that takes a quote is none: where a text ends, a value in quotes
// has that.
PatternPart Either(const std::vector<PatternPart>& parts);

PatternPart Repeated(PatternPart part, const Repetition& times);

}  // namespace postern::secrets
