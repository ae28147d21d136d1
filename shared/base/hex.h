// Lower-case hexadecimal, as hashes and fingerprints are shown.
#pragma once

#include <string>
#include <string_view>

#include "shared/base/result.h"

namespace postern {

std::string ToHex(std::string_view bytes);

// kInvalid for an odd length or a character that is not a hexadecimal digit (either case is read).
Result<std::string> FromHex(std::string_view text);

}  // namespace postern
