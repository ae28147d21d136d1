// Where the instructions of a row's load go.
#pragma once

#include <string>

#include "shared/base/result.h"
#include "tests/bench/arena.h"

namespace postern::bench {

// The largest costs of a request of our contestant under that row's load, by function, alone and with what
// they call, for each thread that works for requests. Counted by callgrind, of a run of 2N requests minus a
// run of N, so the start cancels and the kernel's part is missing. kNotFound for an unknown row.
Result<std::string> Profile(Arena& arena, const std::string& row);

}  // namespace postern::bench
