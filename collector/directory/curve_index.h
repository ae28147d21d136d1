// How an agent is found by its conversation key, and how no two come to have the same. Private to this
// directory.
#pragma once

#include <string>
#include <string_view>

#include "shared/base/hex.h"

namespace postern::directory {

// The setting that holds the id of the agent with this key.
inline std::string CurveIndex(std::string_view curve_key) { return "curve/" + ToHex(curve_key); }

}  // namespace postern::directory
