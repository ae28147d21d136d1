// JSON as strangers send it: what is read stays within its bounds, and what is written of it reads the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/base/check.h"
#include "shared/json/value.h"
#include "shared/json/writer.h"

namespace postern::json {
namespace {

size_t DepthOf(const Value& value) {
  size_t deepest = 0;
  if (value.kind() == Kind::kList) {
    const auto items = value.AsList();
    for (const Value& item : *items) deepest = std::max(deepest, DepthOf(item));
  } else if (value.kind() == Kind::kObject) {
    const auto object = value.AsOpenObject();
    for (const auto& [name, field] : object->Fields()) deepest = std::max(deepest, DepthOf(field));
  } else {
    CHECK(value.Wrong("x").code == ErrorCode::kInvalid);
    return 0;
  }
  return deepest + 1;
}

void Look(std::string_view text) {
  const Bounds bounds{.bytes = 1 << 16, .values = 1000, .depth = 8};
  const auto value = Parse(text, bounds);
  if (!value) {
    CHECK(value.error().code == ErrorCode::kInvalid && !value.error().message.empty());
    return;
  }
  CHECK(text.size() <= bounds.bytes && DepthOf(*value) <= bounds.depth);
  Writer out;
  const std::string written = out.Copy(*value).Take();
  const auto again = Parse(written, {.bytes = SIZE_MAX});
  CHECK(again.has_value());
  CHECK(out.Copy(*again).Take() == written);
}

}  // namespace
}  // namespace postern::json

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  postern::json::Look({reinterpret_cast<const char*>(data), size});
  return 0;
}
