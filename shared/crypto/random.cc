#include "shared/crypto/random.h"

#include <algorithm>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "shared/base/check.h"

namespace postern::crypto {

void RandomBytes(std::span<uint8_t> out) {
  constexpr size_t kMost = 1 << 20;  // RAND_bytes counts in int
  while (!out.empty()) {
    const size_t size = std::min(out.size(), kMost);
    CHECK(RAND_bytes(out.data(), static_cast<int>(size)) == 1);
    out = out.subspan(size);
  }
}

bool ConstantTimeEqual(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void Cleanse(std::span<char> secret) { OPENSSL_cleanse(secret.data(), secret.size()); }

}  // namespace postern::crypto
