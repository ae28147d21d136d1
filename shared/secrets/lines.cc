#include "shared/secrets/lines.h"

#include <algorithm>
#include <cstring>

namespace postern::secrets {
namespace {

constexpr size_t kShownLine = 1'000;

}  // namespace

std::pair<size_t, size_t> Lines::LineAndColumn(size_t at) {
  if (begins_.empty()) {
    begins_.push_back(0);
    const char* const begin = text_.data();
    const char* const end = begin + text_.size();
    for (const char* p = begin; p < end;) {
      const void* newline = std::memchr(p, '\n', static_cast<size_t>(end - p));
      if (newline == nullptr) break;
      p = static_cast<const char*>(newline) + 1;
      begins_.push_back(static_cast<size_t>(p - begin));
    }
  }
  const auto after = std::upper_bound(begins_.begin(), begins_.end(), at);
  return {static_cast<size_t>(after - begins_.begin()), at - *(after - 1) + 1};
}

Place Lines::Of(const Span& span) {
  const auto [start_line, start_column] = LineAndColumn(span.begin);
  const auto [end_line, end_column] = LineAndColumn(span.end > span.begin ? span.end - 1 : span.begin);
  return {
      .start_line = start_line, .end_line = end_line, .start_column = start_column, .end_column = end_column};
}

std::string ShownLine(std::string_view text, const Span& span) {
  size_t begin = span.begin;
  while (begin > 0 && span.begin - begin < kShownLine / 2 && text[begin - 1] != '\n') --begin;
  const std::string_view shown = text.substr(begin, kShownLine);
  return std::string(shown.substr(0, shown.find('\n', std::min(span.end - begin, shown.size()))));
}

std::string_view LinesAround(std::string_view text, const Span& span) {
  const size_t before = span.begin == 0 ? std::string_view::npos : text.rfind('\n', span.begin - 1);
  const size_t begin = before == std::string_view::npos ? 0 : before + 1;
  const size_t end = std::min(text.find('\n', span.end), text.size());
  return text.substr(begin, end - begin);
}

}  // namespace postern::secrets
