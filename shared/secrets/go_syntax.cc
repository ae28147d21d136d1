#include "shared/secrets/go_syntax.h"

#include <algorithm>

namespace postern::secrets {
namespace {

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// "old_italic" as "Old_Italic".
std::string ProperName(std::string_view name) {
  std::string proper;
  bool begins = true;
  for (const char c : name) {
    const bool is_small = c >= 'a' && c <= 'z', is_capital = c >= 'A' && c <= 'Z';
    proper += begins && is_small      ? static_cast<char>(c - 32)
              : !begins && is_capital ? static_cast<char>(c + 32)
                                      : c;
    begins = !IsLetter(c);
  }
  return proper;
}

// Where what a backslash begins ends.
size_t EscapeEnd(std::string_view text, size_t at) {
  const char c = at + 1 < text.size() ? text[at + 1] : '\0';
  if (c == 'Q') {
    const size_t end = text.find("\\E", at + 2);
    return end == std::string_view::npos ? text.size() : end + 2;
  }
  if ((c == 'p' || c == 'P') && at + 2 < text.size()) {
    const size_t end = text[at + 2] == '{' ? text.find('}', at) : at + 2;
    return end == std::string_view::npos ? text.size() : end + 1;
  }
  return std::min(at + 2, text.size());
}

}  // namespace

std::string ForRe2(std::string_view expression) {
  std::string out;
  bool in_class = false;
  for (size_t at = 0; at < expression.size();) {
    const std::string_view rest = expression.substr(at);
    if (rest.front() == '\\') {
      const size_t end = EscapeEnd(expression, at);
      const bool is_named = rest.starts_with("\\p") || rest.starts_with("\\P");
      out += rest.substr(0, 2);
      if (end > at + 2) {
        const std::string_view name = rest.substr(2, end - at - 2);
        out += is_named ? ProperName(name) : std::string(name);
      }
      at = end;
    } else if (in_class) {
      // "[:" begins a name of its own within a class.
      const size_t name_end = rest.starts_with("[:") ? rest.find(":]") : std::string_view::npos;
      const size_t length = name_end == std::string_view::npos ? 1 : name_end + 2;
      in_class = rest.front() != ']';
      out += rest.substr(0, length);
      at += length;
    } else if (rest.front() == '[') {
      // A bracket at the beginning ends nothing.
      const size_t first = rest.starts_with("[^") ? 2 : 1;
      const size_t length = first < rest.size() && rest[first] == ']' ? first + 1 : first;
      in_class = true;
      out += rest.substr(0, length);
      at += length;
    } else if (rest.starts_with("(?<")) {
      out += "(?P<";
      at += 3;
    } else {
      out += rest.front();
      ++at;
    }
  }
  return out;
}

}  // namespace postern::secrets
