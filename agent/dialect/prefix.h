// Comparison with literals, inlined: std::string_view's own calls memcmp, which costs more than the
// comparison where every event of a stream passes.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

namespace postern::dialect {

// Takes `prefix` from the front of `text`, or nothing.
template <size_t N>
bool TakePrefix(std::string_view& text, const char (&prefix)[N]) {
  if (text.size() < N - 1 || std::memcmp(text.data(), prefix, N - 1) != 0) return false;
  text.remove_prefix(N - 1);
  return true;
}

template <size_t N>
bool Equals(std::string_view text, const char (&literal)[N]) {
  return text.size() == N - 1 && std::memcmp(text.data(), literal, N - 1) == 0;
}

}  // namespace postern::dialect
