// How quickly a revocation reaches a fleet, beside the bare send.
#pragma once

#include <cstddef>

#include "shared/base/result.h"
#include "tests/bench/arena.h"
#include "tests/bench/row.h"

namespace postern::bench {

// `fleet/revoke-p99` with so many agents.
Result<Row> MeasureRevocation(Arena& arena, size_t agents);

}  // namespace postern::bench
