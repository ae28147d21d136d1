// Ed25519 signatures (RFC 8032): what seals the record and signs policy.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "shared/base/result.h"

namespace postern::crypto {

using Signature = std::array<uint8_t, 64>;

// The public half: 32 bytes that anyone may have. Verifying never fails for any other reason than a wrong
// signature. Thread-safe.
class PublicKey {
 public:
  static constexpr size_t kSize = 32;

  // kInvalid unless there are exactly 32 bytes.
  static Result<PublicKey> FromBytes(std::string_view raw);

  std::string_view raw() const { return {reinterpret_cast<const char*>(raw_.data()), raw_.size()}; }

  bool Verify(std::string_view message, std::string_view signature) const;

  friend bool operator==(const PublicKey& a, const PublicKey& b) { return a.raw_ == b.raw_; }

 private:
  friend class SigningKey;
  struct Handle;
  PublicKey(const std::array<uint8_t, kSize>& raw, std::shared_ptr<const Handle> handle);

  std::array<uint8_t, kSize> raw_;
  std::shared_ptr<const Handle> handle_;  // shared by copies: it never changes
};

// The private half. It lives in OpenSSL's key object and leaves it only through ToPem. Thread-safe.
class SigningKey {
 public:
  static SigningKey Generate();

  // The 32 secret bytes of RFC 8032. kInvalid for another length.
  static Result<SigningKey> FromSeed(std::string_view seed);

  // PKCS #8 in PEM, as `openssl genpkey -algorithm ed25519` writes it. kInvalid for anything else.
  static Result<SigningKey> FromPem(std::string_view pem);

  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;
  ~SigningKey();

  const PublicKey& public_key() const { return public_key_; }

  Signature Sign(std::string_view message) const;

  // For the key's file: a secret, so Cleanse it after use.
  std::string ToPem() const;

 private:
  explicit SigningKey(std::shared_ptr<const PublicKey::Handle> handle);

  PublicKey public_key_;
  std::shared_ptr<const PublicKey::Handle> handle_;
};

inline std::string_view AsBytes(const Signature& signature) {
  return {reinterpret_cast<const char*>(signature.data()), signature.size()};
}

}  // namespace postern::crypto
