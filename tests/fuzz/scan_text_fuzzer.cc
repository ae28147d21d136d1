// What `postern scan` reads of any bytes: what UTF-16 becomes is UTF-8 with the same lines; everything else
// is read as it is, or not at all. And the lines of a .gitleaksignore, whatever they are.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "collector/cli/scan_known.h"
#include "collector/cli/scan_text.h"
#include "shared/base/check.h"
#include "shared/wire/event.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const std::string text = postern::cli::TextIn(bytes);
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
  postern::cli::IgnoredFindings ignored;
  ignored.Add(bytes, "tree");
  return 0;
}
