// Random bytes, and what must be done with secret ones: compare without a clock's help, and wipe.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace postern::crypto {

// Fills `out` from the system's cryptographic generator; aborts where there is none, since nothing may go on
// without. Drawing many bytes at once is much cheaper than drawing few often. Thread-safe.
void RandomBytes(std::span<uint8_t> out);

// Whether both are the same bytes, in a time that depends on their lengths only.
bool ConstantTimeEqual(std::string_view a, std::string_view b);

// Overwrites secret bytes in a way the compiler may not leave out.
void Cleanse(std::span<char> secret);

}  // namespace postern::crypto
