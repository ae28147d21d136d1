// X25519 key agreement (RFC 7748): a secret that two sides share and nobody else has.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "shared/base/result.h"
#include "shared/crypto/wiped.h"

namespace postern::crypto {

inline constexpr size_t kAgreementKeySize = 32;

// The private half. It lives in OpenSSL's key object and leaves it only through ToBytes. Thread-safe.
class AgreementKey {
 public:
  static AgreementKey Generate();

  // The 32 secret bytes of RFC 7748. kInvalid for another length.
  static Result<AgreementKey> FromBytes(std::string_view raw);

  AgreementKey(AgreementKey&&) noexcept;
  AgreementKey& operator=(AgreementKey&&) noexcept;
  ~AgreementKey();

  // 32 bytes that anyone may have.
  std::string_view public_key() const {
    return {reinterpret_cast<const char*>(public_key_.data()), public_key_.size()};
  }

  // What both sides compute from their own private and the other's public key. Not to be used as a key as it
  // is: derive from it (hkdf.h). kInvalid unless `peer` is 32 bytes of a key that can be agreed with: one of
  // small order would give a secret that everybody knows.
  Result<WipedBytes<32>> Agree(std::string_view peer) const;

  // For the key's file: a secret.
  WipedBytes<32> ToBytes() const;

 private:
  struct Handle;
  explicit AgreementKey(std::unique_ptr<Handle> handle);

  std::unique_ptr<Handle> handle_;
  std::array<uint8_t, kAgreementKeySize> public_key_;
};

}  // namespace postern::crypto
