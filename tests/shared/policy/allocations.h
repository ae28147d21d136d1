// What the test program has allocated so far, for the promises that judging allocates nothing, and that a
// compiled policy isn't much larger than its snapshot.
#pragma once

#include <cstddef>

namespace postern::policy {

size_t Allocations();

// Allocated and not freed; and the most that this was since the last ResetPeak.
size_t LiveBytes();
size_t PeakBytes();
void ResetPeak();

}  // namespace postern::policy
