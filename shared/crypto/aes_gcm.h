// AES-256-GCM (NIST SP 800-38D): encryption that notices every change.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "shared/base/result.h"
#include "shared/crypto/locked_secret.h"

namespace postern::crypto {

inline constexpr size_t kAesKeySize = 32;
inline constexpr size_t kAesNonceSize = 12;
inline constexpr size_t kAesTagSize = 16;

// The ciphertext, as long as the text, and then the tag. `bound` is not in it, but Open needs the same bytes.
// A nonce must never be used twice with the same key. Key and nonce must have their sizes (CHECK).
// Thread-safe.
std::string EncryptAesGcm(std::string_view key, std::string_view nonce, std::string_view text,
                          std::string_view bound);

// The text, in locked memory: it is never written anywhere else. kDenied unless ciphertext, tag and `bound`
// are what was encrypted under this key and nonce; kUnavailable where there is no locked memory.
Result<LockedSecret> DecryptAesGcm(std::string_view key, std::string_view nonce,
                                   std::string_view ciphertext_and_tag, std::string_view bound);

}  // namespace postern::crypto
