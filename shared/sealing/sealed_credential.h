// Provider credentials on their way to one agent: encrypted to that agent's key, and good only for what they
// were sealed for. A box that is opened for another agent, incarnation, name, generation or expiry doesn't
// open. Fails closed. README.md has the bytes and a worked example.
//
// A box shows to whom it was sealed, not by whom: anyone can seal to a public key. It is taken only from the
// collector's own connection.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/base/result.h"
#include "shared/crypto/locked_secret.h"
#include "shared/crypto/x25519.h"

namespace postern::sealing {

inline constexpr size_t kMaxCredential = 8192;  // characters

// What a box is bound to. Neither side takes any of it from the box.
struct Binding {
  std::string agent = {};  // its id
  uint64_t incarnation = 0;
  std::string name = {};  // of the credential
  std::string provider = {};
  std::string header = {};  // "x-api-key", "authorization"
  uint32_t generation = 0;
  int64_t expires = 0;  // seconds since 1970; whoever opens it must look whether they have passed
};

// kInvalid where `recipient` is no X25519 public key, or the credential is empty or longer than
// kMaxCredential. Thread-safe.
Result<std::string> SealCredential(std::string_view credential, std::string_view recipient,
                                   const Binding& binding);

// kDenied unless the box was sealed to this key for exactly this; kUnavailable where there is no locked
// memory. Thread-safe.
Result<crypto::LockedSecret> OpenCredential(std::string_view box, const crypto::AgreementKey& key,
                                            const Binding& binding);

namespace internal {

// With an ephemeral key that is given: for the worked example alone. One that is used twice gives two boxes
// the same key.
Result<std::string> SealWith(const crypto::AgreementKey& ephemeral, std::string_view credential,
                             std::string_view recipient, const Binding& binding);

}  // namespace internal
}  // namespace postern::sealing
