#include "shared/crypto/hmac.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "shared/base/check.h"

namespace postern::crypto {

Digest HmacSha256(std::string_view key, std::string_view message) {
  Digest digest;
  unsigned int size = 0;
  const auto* const made =
      HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest.data(), &size);
  CHECK(made != nullptr && size == digest.size());
  return digest;
}

}  // namespace postern::crypto
