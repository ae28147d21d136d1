// Base 64 with padding (RFC 4648 §4).
#pragma once

#include <string>
#include <string_view>

#include "shared/base/result.h"

namespace postern {

std::string ToBase64(std::string_view bytes);

// kInvalid for anything that ToBase64 wouldn't have made of some bytes.
Result<std::string> FromBase64(std::string_view text);

}  // namespace postern
