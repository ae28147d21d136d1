// HKDF with SHA-256 (RFC 5869): keys out of a shared secret.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace postern::crypto {

// Fills `out`, at most 8,160 bytes (CHECK), from the secret `input`. `salt` need not be secret; `info` says
// what the result is for: other uses, other keys. Thread-safe.
void DeriveHkdf(std::span<uint8_t> out, std::string_view input, std::string_view salt, std::string_view info);

}  // namespace postern::crypto
