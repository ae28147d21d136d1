// What `postern scan` reads of any bytes: what UTF-16 becomes is UTF-8 with the same lines; everything else
// is read as it is, or not at all; and a piece at a time it is the same text. And the lines of a
// .gitleaksignore, whatever they are.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>

#include "collector/cli/scan_known.h"
#include "collector/cli/scan_text.h"
#include "shared/base/check.h"
#include "shared/wire/event.h"

namespace {

// The bytes that are each piece's own, one behind the other; what the pieces say of what stands before them
// is true.
std::string TextIn(const std::string& bytes, postern::cli::PieceSizes sizes) {
  std::istringstream in(bytes);
  auto pieces = postern::cli::TextPieces::Open("-", in, sizes);
  CHECK(pieces);
  std::string text;
  for (;;) {
    const auto piece = pieces->Next();
    CHECK(piece);
    if (!*piece) return text;
    const std::string_view own = (*piece)->text.substr((*piece)->begin, (*piece)->end - (*piece)->begin);
    const std::string_view before = std::string_view(text).substr(0, text.size() - (*piece)->begin);
    CHECK(text.ends_with((*piece)->text.substr(0, (*piece)->begin)));
    CHECK(static_cast<size_t>(std::count(before.begin(), before.end(), '\n')) == (*piece)->lines);
    CHECK(before.size() - (before.rfind('\n') + 1) == (*piece)->bytes);
    text += own;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const std::string text = TextIn(bytes, {});
  const bool is_big = bytes.starts_with("\xfe\xff"), is_little = bytes.starts_with("\xff\xfe");
  if (is_big || is_little) {
    size_t newlines = 0;
    for (size_t at = 2; at + 1 < size; at += 2)
      newlines += bytes[at + (is_big ? 1 : 0)] == '\n' && bytes[at + (is_big ? 0 : 1)] == '\0' ? 1 : 0;
    CHECK(postern::wire::IsUtf8(text));
    CHECK(static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) == newlines);
    CHECK(text.size() <= size / 2 * 3);
  } else {
    CHECK(text.empty() || text == bytes);
  }
  // Whether it is text the first piece says.
  if (!text.empty()) CHECK(TextIn(bytes, {.piece = 40, .shared = 11}) == text);
  postern::cli::IgnoredFindings ignored;
  ignored.Add(bytes, "tree");
  return 0;
}
