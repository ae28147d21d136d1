// A policy as it travels: snapshot and signature.
//
//   signed bytes = "postern policy v1" LF ‖ snapshot              Ed25519
//   key id       = the first 8 bytes of SHA-256(public key)
//
// Whose key counts, and that versions only grow, is the caller's to see to: Verify says what was signed, not
// that it is wanted.
#pragma once

#include <string>
#include <string_view>

#include "shared/base/result.h"
#include "shared/crypto/ed25519.h"
#include "shared/policy/limits.h"
#include "shared/wire/policy.pb.h"

namespace postern::policy {

inline constexpr uint32_t kFormat = 1;

std::string SignedBytes(std::string_view snapshot);
std::string KeyIdOf(const crypto::PublicKey& key);

// `source`: the YAML, which stays at the collector.
wire::SignedPolicy Sign(const wire::Policy& policy, std::string_view source, const crypto::SigningKey& key);

// kCorrupt where the signature isn't this key's over these bytes (the sentence says which it is), kInvalid
// for what is larger than kMostSnapshotBytes, no policy, or of another format.
Result<wire::Policy> Verify(const wire::SignedPolicy& signed_policy, const crypto::PublicKey& key);

}  // namespace postern::policy
