#include "shared/secrets/left_escapes.h"

#include <algorithm>

#include "shared/secrets/json_escape.h"
#include "shared/secrets/token_run.h"

namespace postern::secrets {
namespace {

constexpr size_t kContext = 256;  // on both sides of what looks like a token
constexpr size_t kLongestToken = 8'192;

// Where the backslashes end that begin here.
size_t BackslashesEnd(std::string_view text, size_t at) {
  while (at < text.size() && text[at] == '\\') ++at;
  return at;
}

// The escape that the last of these backslashes begins, wherever they began.
struct Escape {
  Span span;  // with all of them
  char character[4] = {};
  size_t bytes = 0;  // 0: none
};
Escape EscapeAt(std::string_view text, size_t at) {
  const size_t letter = BackslashesEnd(text, at);
  Escape escape{.span = {at, letter}};
  const JsonEscape read = ReadJsonEscape(text.substr(letter - 1), escape.character);
  escape.bytes = read.bytes;
  if (read.length > 0) escape.span.end = letter - 1 + read.length;
  return escape;
}

// Where what looks like a token ends that begins here; none: `at`.
size_t TokenEnd(std::string_view text, size_t at) {
  TokenRun run;
  bool looks_like_one = false;
  size_t end = at;
  while (end < text.size() && end - at < kLongestToken && run.Take(text[end])) {
    looks_like_one = looks_like_one || run.LooksLikeToken();
    ++end;
  }
  return looks_like_one ? end : at;
}

bool IsOfToken(char c) {
  TokenRun run;
  return run.Take(c);
}

// So that it neither begins nor ends within a word or an escape, if that can be had.
Span Widened(std::string_view text, const Span& span) {
  Span wide{span.begin - std::min(span.begin, kContext), std::min(span.end + kContext, text.size())};
  const auto is_apart = [&](size_t at) { return text[at] != '\\' && !IsOfToken(text[at]); };
  while (wide.begin > 0 && wide.begin < span.begin && !is_apart(wide.begin)) ++wide.begin;
  while (wide.end < text.size() && wide.end > span.end && !is_apart(wide.end)) --wide.end;
  return wide;
}

void Append(std::string_view text, const Span& span, LooseText& loose) {
  size_t at = span.begin;
  while (at < span.end) {
    const size_t plain = std::min(text.find('\\', at), span.end);
    if (plain > at) loose.text.Copy(text.substr(at, plain - at), at, 1);
    at = plain;
    if (at == span.end) break;
    const Escape escape = EscapeAt(text, at);
    const std::string_view says = escape.bytes > 0 ? std::string_view(escape.character, escape.bytes) : "\\";
    loose.text.Replace(says, escape.span, 1);
    at = escape.span.end;
  }
  loose.ends.push_back(loose.text.text().size());
}

}  // namespace

bool LooseText::IsOfOne(const Span& span) const {
  const auto end = std::lower_bound(ends.begin(), ends.end(), span.end);
  return end == ends.begin() || *std::prev(end) <= span.begin;
}

LooseText LooseAround(std::string_view text) {
  std::vector<Span> stretches;
  for (size_t at = text.find('\\'); at != std::string_view::npos; at = text.find('\\', at)) {
    const Escape escape = EscapeAt(text, at);
    at = escape.span.end;
    if (escape.bytes == 0) continue;
    const size_t end = TokenEnd(text, at);
    if (end == at) continue;
    const Span wide = Widened(text, {escape.span.begin, end});
    if (!stretches.empty() && wide.begin <= stretches.back().end) {
      stretches.back().end = std::max(stretches.back().end, wide.end);
    } else {
      stretches.push_back(wide);
    }
    at = end;
  }
  LooseText loose;
  for (const Span& stretch : stretches) Append(text, stretch, loose);
  return loose;
}

}  // namespace postern::secrets
