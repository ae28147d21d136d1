// Policies as a collector sends them, for tests.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "agent/membership/policy_parts.h"
#include "shared/base/check.h"
#include "shared/base/hex.h"
#include "shared/crypto/ed25519.h"
#include "shared/crypto/sha256.h"
#include "shared/policy/signed.h"
#include "shared/wire/conversation.h"
#include "tests/agent/membership/enrolled.h"

namespace postern::membership {

inline const crypto::SigningKey& PolicyKey() {
  static const crypto::SigningKey key = *crypto::SigningKey::FromSeed(std::string(32, 'p'));
  return key;
}

// One that allows this model.
inline wire::Policy PolicyOf(uint64_t version, const std::string& model = "claude-opus-5-5") {
  wire::Policy policy;
  policy.set_format(policy::kFormat);
  policy.set_version(version);
  policy.set_collector(*FromHex(MakeEnrolment().collector));
  policy.set_organisation("example");
  policy.set_author("ada");
  wire::Patterns& models = *policy.mutable_defaults()->mutable_models();
  models.set_allows_listed(true);
  models.add_allow(model);
  return policy;
}

inline std::string SignedBytes(const wire::Policy& policy, const crypto::SigningKey& key = PolicyKey()) {
  return policy::Sign(policy, "", key).SerializeAsString();
}

inline std::string DigestOf(std::string_view bytes) {
  return std::string(crypto::AsBytes(crypto::Sha256(bytes)));
}

inline std::vector<wire::PolicyPart> PartsOf(const std::string& bytes, uint64_t version,
                                             size_t piece = wire::kMaxPolicyPieceBytes) {
  std::vector<wire::PolicyPart> parts;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    wire::PolicyPart& part = parts.emplace_back();
    part.set_version(version);
    part.set_sha256(DigestOf(bytes));
    part.set_size(static_cast<uint32_t>(bytes.size()));
    part.set_offset(static_cast<uint32_t>(at));
    part.set_piece(bytes.substr(at, piece));
  }
  return parts;
}

}  // namespace postern::membership
