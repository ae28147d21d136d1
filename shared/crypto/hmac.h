// HMAC with SHA-256 (RFC 2104): a digest that only whoever has the key can make.
#pragma once

#include <string_view>

#include "shared/crypto/sha256.h"

namespace postern::crypto {

// Thread-safe.
Digest HmacSha256(std::string_view key, std::string_view message);

}  // namespace postern::crypto
