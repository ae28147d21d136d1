#include "shared/policy/signed.h"

#include "shared/crypto/sha256.h"

namespace postern::policy {
namespace {

constexpr std::string_view kDomain = "postern policy v1\n";
constexpr size_t kKeyIdBytes = 8;

}  // namespace

std::string SignedBytes(std::string_view snapshot) { return std::string(kDomain).append(snapshot); }

std::string KeyIdOf(const crypto::PublicKey& key) {
  return std::string(crypto::AsBytes(crypto::Sha256(key.raw())).substr(0, kKeyIdBytes));
}

wire::SignedPolicy Sign(const wire::Policy& policy, std::string_view source, const crypto::SigningKey& key) {
  wire::SignedPolicy signed_policy;
  signed_policy.set_snapshot(policy.SerializeAsString());
  signed_policy.set_signature(std::string(crypto::AsBytes(key.Sign(SignedBytes(signed_policy.snapshot())))));
  signed_policy.set_key_id(KeyIdOf(key.public_key()));
  signed_policy.set_source(std::string(source));
  return signed_policy;
}

Result<wire::Policy> Verify(const wire::SignedPolicy& signed_policy, const crypto::PublicKey& key) {
  const std::string& snapshot = signed_policy.snapshot();
  if (snapshot.size() > kMostSnapshotBytes)
    return Error{ErrorCode::kInvalid, "the policy is larger than 32 MiB"};
  if (signed_policy.key_id() != KeyIdOf(key))
    return Error{ErrorCode::kCorrupt, "the policy is signed by another key than the one that counts here"};
  if (!key.Verify(SignedBytes(snapshot), signed_policy.signature()))
    return Error{ErrorCode::kCorrupt, "the policy's signature is wrong: it was changed after it was signed"};
  wire::Policy policy;
  if (!policy.ParseFromString(snapshot))
    return Error{ErrorCode::kInvalid, "what was signed as a policy can't be read as one"};
  if (policy.format() != kFormat)
    return Error{ErrorCode::kInvalid, "the policy has format " + std::to_string(policy.format()) +
                                          ", and this program knows format 1"};
  return policy;
}

}  // namespace postern::policy
