// A port of 127.0.0.1 that nobody listens on now.
#pragma once

#include <cstdint>

namespace postern::support {

// Another process may take it before you do: give programs port 0 where they can say which they chose.
uint16_t FreePort();

}  // namespace postern::support
