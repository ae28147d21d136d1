// Provider credentials at rest: encrypted under a key that is in a file of its own, never in the database.
// Fails closed. README.md has the bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/base/result.h"
#include "shared/crypto/locked_secret.h"

namespace postern::sealing {

// Which credential it is: another's ciphertext, or an older generation's, doesn't decrypt in its place.
struct Place {
  std::string id = {};
  std::string provider = {};
  std::string header = {};
  uint32_t generation = 0;
};

// 32 random bytes in locked memory. Thread-safe.
class MasterKey {
 public:
  static Result<MasterKey> Generate();
  // The text of master.key: 64 hexadecimal digits and a newline. kInvalid for anything else.
  static Result<MasterKey> FromText(std::string_view text);
  // For the key's file: a secret, so Cleanse it after use.
  std::string ToText() const;

  // Names the key without telling anything about it: 8 bytes.
  std::string_view id() const { return id_; }

  // kInvalid for a credential that is empty or longer than kMaxCredential.
  Result<std::string> Encrypt(std::string_view credential, const Place& place) const;

  // kDenied where it was encrypted under another master key, which the sentence says; kCorrupt where it is
  // anything else than what was encrypted for this place; kUnavailable where there is no locked memory.
  Result<crypto::LockedSecret> Decrypt(std::string_view encrypted, const Place& place) const;

 private:
  explicit MasterKey(crypto::LockedSecret key);

  crypto::LockedSecret key_;
  std::string id_;
};

}  // namespace postern::sealing
