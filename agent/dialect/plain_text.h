// What clients and providers call things, made fit for an event or a log line: bounded, printable ASCII, no
// spaces.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace postern::dialect {

constexpr bool IsPlain(char c) { return c > ' ' && c <= '~'; }

// True for 1 to `most` plain characters.
constexpr bool IsPlain(std::string_view text, size_t most) {
  if (text.empty() || text.size() > most) return false;
  for (const char c : text) {
    if (!IsPlain(c)) return false;
  }
  return true;
}

// The first `most` bytes, with '?' for every byte that isn't plain.
inline std::string MadePlain(std::string_view text, size_t most) {
  std::string plain(text.substr(0, most));
  for (char& c : plain) {
    if (!IsPlain(c)) c = '?';
  }
  return plain;
}

}  // namespace postern::dialect
