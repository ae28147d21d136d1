// Targets of requests as strangers send them: what is taken holds no control character, and what is escaped
// again is read as the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/base/check.h"
#include "shared/rest/target.h"

namespace postern::rest {
namespace {

bool IsPlain(const std::string& text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7f; });
}

std::string Escaped(const Target& target) {
  std::string text;
  for (const std::string& segment : target.segments) text += "/" + Escape(segment);
  if (text.empty()) text = "/";
  char separator = '?';
  for (const auto& [name, value] : target.query) {
    text += separator + Escape(name) + "=" + Escape(value);
    separator = '&';
  }
  return text;
}

void Look(std::string_view text) {
  const auto target = ParseTarget(text);
  if (!target) {
    CHECK(target.error().code == ErrorCode::kInvalid);
    return;
  }
  CHECK(std::all_of(target->segments.begin(), target->segments.end(), IsPlain));
  for (const auto& [name, value] : target->query) CHECK(IsPlain(name) && IsPlain(value));
  const auto again = ParseTarget(Escaped(*target));
  CHECK(again.has_value() && again->segments == target->segments && again->query == target->query);
}

}  // namespace
}  // namespace postern::rest

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  postern::rest::Look({reinterpret_cast<const char*>(data), size});
  return 0;
}
