#include "shared/policy/glob.h"

#include <algorithm>

#include "shared/policy/limits.h"

namespace postern::policy {
namespace {

bool IsWildcard(char c) { return c == '*' || c == '?'; }
bool IsGraphic(char c) { return c > ' ' && c <= '~'; }

}  // namespace

bool HasWildcard(std::string_view pattern) { return std::any_of(pattern.begin(), pattern.end(), IsWildcard); }

bool GlobMatches(std::string_view pattern, std::string_view name) {
  size_t p = 0;
  size_t n = 0;
  // Only the last star is ever tried again: what an earlier one could take more, this one can take, too.
  size_t after_star = std::string_view::npos;
  size_t retry = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      after_star = ++p;
      retry = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (after_star != std::string_view::npos) {
      p = after_star;
      n = ++retry;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

std::string Folded(std::string_view text) {
  std::string folded(text);
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return folded;
}

bool IsPlainName(std::string_view name) {
  return !name.empty() && name.size() <= kMostNameBytes &&
         std::all_of(name.begin(), name.end(), [](char c) { return IsGraphic(c) && !IsWildcard(c); });
}

Status CheckPattern(std::string_view pattern) {
  const auto wrong = [](const std::string& found) { return Error{ErrorCode::kInvalid, found}; };
  if (pattern.empty()) return wrong("an empty pattern");
  if (pattern.size() > kMostPatternBytes) {
    return wrong("a pattern of more than " + std::to_string(kMostPatternBytes) + " characters");
  }
  if (!std::all_of(pattern.begin(), pattern.end(), IsGraphic)) {
    return wrong("a pattern with a space or a character that isn't ASCII");
  }
  if (std::count(pattern.begin(), pattern.end(), '*') > static_cast<std::ptrdiff_t>(kMostStars)) {
    return wrong("a pattern with more than " + std::to_string(kMostStars) + " wildcards *");
  }
  return Ok{};
}

}  // namespace postern::policy
