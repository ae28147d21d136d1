// The lines of a text. Only shared/secrets includes this.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/secrets/finding.h"

namespace postern::secrets {

// Where lines begin, worked out when it is first asked for. Thread-compatible.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}
  Place Of(const Span& span);

 private:
  std::pair<size_t, size_t> LineAndColumn(size_t at);
  std::string_view text_;
  std::vector<size_t> begins_;
};

// What is shown of them: the lines, or 1,000 bytes of them.
std::string ShownLine(std::string_view text, const Span& span);

// The text's lines that these bytes stand on, without the last newline.
std::string_view LinesAround(std::string_view text, const Span& span);

}  // namespace postern::secrets
