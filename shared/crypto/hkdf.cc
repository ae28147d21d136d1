#include "shared/crypto/hkdf.h"

#include <memory>

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "shared/base/check.h"

namespace postern::crypto {
namespace {

struct KdfFree {
  void operator()(EVP_KDF* kdf) const { EVP_KDF_free(kdf); }
};
struct ContextFree {
  void operator()(EVP_KDF_CTX* context) const { EVP_KDF_CTX_free(context); }
};

// OpenSSL takes what it only reads through pointers that aren't const.
OSSL_PARAM Octets(const char* name, std::string_view bytes) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(bytes.data()), bytes.size());
}

}  // namespace

void DeriveHkdf(std::span<uint8_t> out, std::string_view input, std::string_view salt,
                std::string_view info) {
  CHECK(!out.empty() && out.size() <= size_t{255} * 32);
  const std::unique_ptr<EVP_KDF, KdfFree> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  CHECK(kdf != nullptr);
  const std::unique_ptr<EVP_KDF_CTX, ContextFree> context(EVP_KDF_CTX_new(kdf.get()));
  CHECK(context != nullptr);
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
                                   Octets(OSSL_KDF_PARAM_KEY, input), Octets(OSSL_KDF_PARAM_SALT, salt),
                                   Octets(OSSL_KDF_PARAM_INFO, info), OSSL_PARAM_construct_end()};
  CHECK(EVP_KDF_derive(context.get(), out.data(), out.size(), parameters) == 1);
}

}  // namespace postern::crypto
