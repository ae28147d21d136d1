// The three headers that may hold a key: what is taken for one is never empty, nor the text that stands for
// none.
#include <cstddef>
#include <cstdint>

#include "agent/identity/presented_key.h"
#include "shared/base/check.h"

using namespace postern::identity;  // NOLINT: this file has no names of its own

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t third = size / 3;
  const KeyHeaders headers{text.substr(0, third), text.substr(third, third), text.substr(2 * third)};
  for (const Mode mode : {Mode::kKey, Mode::kOsUser}) {
    const auto presented = PresentedKey(headers, mode);
    CHECK(!presented || (!presented->empty() && (mode == Mode::kKey || presented != kOsUserToken)));
  }
  return 0;
}
