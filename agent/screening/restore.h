// Putting originals back in place of placeholders, in the text of a JSON value. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace postern::screening {

struct Restored {
  std::string json;    // the same text where nothing was put back
  uint64_t times = 0;  // that something was
};

// Each placeholder (shared/secrets/redaction.h) that `original` knows; the original stands escaped as JSON's
// strings want it.
Restored RestoreOriginals(std::string_view json,
                          const std::function<std::optional<std::string>(std::string_view)>& original);

}  // namespace postern::screening
