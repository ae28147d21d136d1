#include "shared/crypto/x25519.h"

#include <utility>

#include <openssl/evp.h>

#include "shared/base/check.h"

namespace postern::crypto {
namespace {

const uint8_t* Octets(std::string_view bytes) { return reinterpret_cast<const uint8_t*>(bytes.data()); }

struct KeyFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Key = std::unique_ptr<EVP_PKEY, KeyFree>;

struct ContextFree {
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_PKEY_CTX, ContextFree>;

Error NotAKey() { return Error{ErrorCode::kInvalid, "not a public X25519 key that can be agreed with"}; }

}  // namespace

struct AgreementKey::Handle {
  explicit Handle(EVP_PKEY* owned) : key(owned) { CHECK(owned != nullptr); }

  Key key;
};

AgreementKey::AgreementKey(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {
  size_t size = public_key_.size();
  CHECK(EVP_PKEY_get_raw_public_key(handle_->key.get(), public_key_.data(), &size) == 1);
  CHECK(size == public_key_.size());
}
AgreementKey::AgreementKey(AgreementKey&&) noexcept = default;
AgreementKey& AgreementKey::operator=(AgreementKey&&) noexcept = default;
AgreementKey::~AgreementKey() = default;

AgreementKey AgreementKey::Generate() {
  return AgreementKey(std::make_unique<Handle>(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519")));
}

Result<AgreementKey> AgreementKey::FromBytes(std::string_view raw) {
  if (raw.size() != kAgreementKeySize) return Error{ErrorCode::kInvalid, "a private X25519 key has 32 bytes"};
  return AgreementKey(std::make_unique<Handle>(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, Octets(raw), raw.size())));
}

Result<WipedBytes<32>> AgreementKey::Agree(std::string_view peer) const {
  if (peer.size() != kAgreementKeySize) return NotAKey();
  const Key other(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, Octets(peer), peer.size()));
  CHECK(other != nullptr);
  const Context context(EVP_PKEY_CTX_new(handle_->key.get(), nullptr));
  CHECK(context != nullptr && EVP_PKEY_derive_init(context.get()) == 1);
  if (EVP_PKEY_derive_set_peer(context.get(), other.get()) != 1) return NotAKey();
  WipedBytes<32> shared;
  size_t size = shared.bytes().size();
  // Fails where the result would be all zeros (RFC 7748 §6.1): the peer's key was one of small order.
  if (EVP_PKEY_derive(context.get(), shared.bytes().data(), &size) != 1 || size != 32) return NotAKey();
  return shared;
}

WipedBytes<32> AgreementKey::ToBytes() const {
  WipedBytes<32> raw;
  size_t size = raw.bytes().size();
  CHECK(EVP_PKEY_get_raw_private_key(handle_->key.get(), raw.bytes().data(), &size) == 1 && size == 32);
  return raw;
}

}  // namespace postern::crypto
