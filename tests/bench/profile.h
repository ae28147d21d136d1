// Where the instructions of a row's load go.
#pragma once

#include <string>

#include "shared/base/result.h"
#include "tests/bench/arena.h"

namespace postern::bench {

// The five largest costs of our contestant under that row's load, by function, alone and with what they call,
// for each thread that does a tenth of the work or more. Counted by callgrind, so the kernel's part is
// missing. kNotFound for an unknown row.
Result<std::string> Profile(Arena& arena, const std::string& row);

}  // namespace postern::bench
