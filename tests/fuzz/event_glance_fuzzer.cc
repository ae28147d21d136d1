// Events as any agent may sign them: what intake reads without protobuf, protobuf reads the same.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "collector/intake/event_glance.h"
#include "shared/base/check.h"

using namespace postern;          // NOLINT: this file has no names of its own
using namespace postern::intake;  // NOLINT

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto quick = GlanceQuickly(bytes);
  auto thorough = GlanceThoroughly(bytes);
  CHECK(GlanceAt(bytes).has_value() == thorough.has_value());
  if (!quick) return 0;
  CHECK(thorough.has_value());
  const auto keeps_what_is_seen = std::exchange(thorough->whole, nullptr);
  CHECK(*quick == *thorough);
  return 0;
}
