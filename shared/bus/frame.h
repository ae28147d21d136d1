// What travels on the bus: one frame a message.
#pragma once

#include <cstddef>

namespace postern::bus {

constexpr size_t kMaxFrameBytes = size_t{1} << 20;

}  // namespace postern::bus
