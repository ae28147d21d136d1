// Memory for coroutines' frames. A thread keeps some of those that were returned, by size, for the next
// coroutine: taking one is a few instructions, and a request begins a dozen and a half of them. Under
// AddressSanitizer nothing is kept, so that it sees every use after the end.
#pragma once

#include <cstddef>

namespace postern::http::internal {

void* TakeFrame(size_t size);
// `size` as it was taken with.
void ReturnFrame(void* frame, size_t size);

}  // namespace postern::http::internal
