// A regular expression of a rule: RE2, so that no text can make it take more than time proportional to its
// length.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"

namespace re2 {
class RE2;
}

namespace postern::secrets {

// Bytes of a text: [begin, end).
struct Span {
  size_t begin = 0;
  size_t end = 0;
  size_t size() const { return end - begin; }
  bool Overlaps(const Span& other) const { return begin < other.end && other.begin < end; }
  friend bool operator==(const Span&, const Span&) = default;
};

inline std::string_view In(std::string_view text, const Span& span) {
  return text.substr(span.begin, span.size());
}

// Thread-safe.
class Expression {
 public:
  // In RE2's or Go's syntax. kInvalid, with RE2's sentence.
  static Result<Expression> Compile(const std::string& pattern);

  Expression(Expression&&) noexcept;
  Expression& operator=(Expression&&) noexcept;
  ~Expression();

  // The leftmost match that lies within these bytes. What is around them is seen by ^, $ and \b.
  std::optional<Span> Find(std::string_view text, const Span& within) const;
  bool Matches(std::string_view text) const;  // anywhere
  size_t groups() const;
  // The groups of the leftmost match, the first one first; nothing for those that take no part in it, and
  // no list where nothing matches.
  std::optional<std::vector<std::optional<Span>>> Groups(std::string_view text) const;

 private:
  explicit Expression(std::unique_ptr<re2::RE2> compiled);
  std::unique_ptr<re2::RE2> compiled_;
};

}  // namespace postern::secrets
