#include "shared/crypto/ed25519.h"

#include <algorithm>
#include <utility>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "shared/base/check.h"

namespace postern::crypto {
namespace {

const uint8_t* Octets(std::string_view bytes) { return reinterpret_cast<const uint8_t*>(bytes.data()); }

struct ContextFree {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, ContextFree>;

struct BioFree {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
};
using Bio = std::unique_ptr<BIO, BioFree>;

// Without this, OpenSSL would ask the terminal for the passphrase of an encrypted key.
int NoPassphrase(char*, int, int, void*) { return 0; }

}  // namespace

struct PublicKey::Handle {
  explicit Handle(EVP_PKEY* owned) : key(owned) {}
  ~Handle() { EVP_PKEY_free(key); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  std::array<uint8_t, kSize> RawPublic() const {
    std::array<uint8_t, kSize> raw;
    size_t size = raw.size();
    CHECK(EVP_PKEY_get_raw_public_key(key, raw.data(), &size) == 1 && size == raw.size());
    return raw;
  }

  EVP_PKEY* key;
};

PublicKey::PublicKey(const std::array<uint8_t, kSize>& raw, std::shared_ptr<const Handle> handle)
    : raw_(raw), handle_(std::move(handle)) {}

Result<PublicKey> PublicKey::FromBytes(std::string_view raw) {
  if (raw.size() != kSize) return Error{ErrorCode::kInvalid, "an Ed25519 public key has 32 bytes"};
  EVP_PKEY* key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Octets(raw), raw.size());
  CHECK(key != nullptr);
  std::array<uint8_t, kSize> copy;
  std::copy_n(Octets(raw), kSize, copy.begin());
  return PublicKey(copy, std::make_shared<const Handle>(key));
}

bool PublicKey::Verify(std::string_view message, std::string_view signature) const {
  const Context context(EVP_MD_CTX_new());
  CHECK(context != nullptr);
  CHECK(EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, handle_->key) == 1);
  return EVP_DigestVerify(context.get(), Octets(signature), signature.size(), Octets(message),
                          message.size()) == 1;
}

SigningKey::SigningKey(std::shared_ptr<const PublicKey::Handle> handle)
    : public_key_(handle->RawPublic(), handle), handle_(std::move(handle)) {}
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;
SigningKey::~SigningKey() = default;

SigningKey SigningKey::Generate() {
  EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  CHECK(key != nullptr);
  return SigningKey(std::make_shared<const PublicKey::Handle>(key));
}

Result<SigningKey> SigningKey::FromSeed(std::string_view seed) {
  if (seed.size() != 32) return Error{ErrorCode::kInvalid, "an Ed25519 seed has 32 bytes"};
  EVP_PKEY* key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, Octets(seed), seed.size());
  CHECK(key != nullptr);
  return SigningKey(std::make_shared<const PublicKey::Handle>(key));
}

Result<SigningKey> SigningKey::FromPem(std::string_view pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  CHECK(bio != nullptr);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr);
  if (key == nullptr) return Error{ErrorCode::kInvalid, "not an unencrypted private key in PEM"};
  auto handle = std::make_shared<const PublicKey::Handle>(key);
  if (EVP_PKEY_get_id(key) != EVP_PKEY_ED25519) return Error{ErrorCode::kInvalid, "not an Ed25519 key"};
  return SigningKey(std::move(handle));
}

Signature SigningKey::Sign(std::string_view message) const {
  const Context context(EVP_MD_CTX_new());
  CHECK(context != nullptr);
  CHECK(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, handle_->key) == 1);
  Signature signature;
  size_t size = signature.size();
  CHECK(EVP_DigestSign(context.get(), signature.data(), &size, Octets(message), message.size()) == 1);
  CHECK(size == signature.size());
  return signature;
}

std::string SigningKey::ToPem() const {
  const Bio bio(BIO_new(BIO_s_secmem()));  // wiped when freed
  CHECK(bio != nullptr);
  CHECK(PEM_write_bio_PrivateKey(bio.get(), handle_->key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<size_t>(size));
}

}  // namespace postern::crypto
