// What clients and providers call things, made fit for an event or a log line: bounded, printable ASCII, no
// spaces.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "agent/dialect/json_cursor.h"

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

// MadePlain of what a JSON string means, into `word`. Nearly always that is the text as it stands. What is
// too long to decode within the bound is cut as it stands: it is only a name for people.
inline void AssignPlain(std::string& word, const JsonString& text, size_t most) {
  const std::string_view raw = text.raw;
  bool as_it_stands = raw.size() <= most;
  for (size_t i = 0; as_it_stands && i < raw.size(); ++i) as_it_stands = IsPlain(raw[i]) && raw[i] != '\\';
  if (as_it_stands) {
    word.assign(raw);
  } else {
    word = MadePlain(text.Decode(most).value_or(std::string(raw.substr(0, most))), most);
  }
}

}  // namespace postern::dialect
