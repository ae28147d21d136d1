// What purse_writer and the test that kills it agree on.
#pragma once

#include "shared/limits/window.h"

namespace postern::purse {

// All lives' money is of one window, a long year.
inline constexpr limits::Window kWindow{WallTime{std::chrono::hours(24 * 20'000)},
                                        WallTime{std::chrono::hours(24 * 60'000)}};

}  // namespace postern::purse
