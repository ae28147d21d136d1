#include "agent/membership/policy_check.h"

#include <utility>

#include "agent/membership/limit_terms.h"
#include "shared/base/hex.h"
#include "shared/crypto/sha256.h"
#include "shared/policy/compiled.h"
#include "shared/policy/signed.h"

namespace postern::membership {
namespace {

Error Denied(std::string sentence) { return {ErrorCode::kDenied, std::move(sentence)}; }

Status CheckVersion(const PolicyMark& offered, const PolicyMark& newest) {
  if (offered.version == 0) return Error{ErrorCode::kInvalid, "the policy has no version"};
  if (offered.version > newest.version || offered == newest) return Ok{};
  const std::string version = "the policy's version " + std::to_string(offered.version);
  if (offered.version == newest.version)
    return Denied(version + " was in force here already and said something else");
  return Denied(version + " is older than version " + std::to_string(newest.version) +
                ", which was in force here already");
}

Status CheckOwner(const wire::Policy& policy, const std::string& collector) {
  const auto id = FromHex(collector);
  if (id && policy.collector() == *id) return Ok{};
  return Denied("the policy is another collector's");
}

}  // namespace

Result<std::shared_ptr<const PolicyInForce>> CheckCachedPolicy(std::string_view bytes,
                                                               const PolicyTerms& terms,
                                                               const policy::Catalogue& catalogue,
                                                               WallTime now) {
  if (!terms.key) return Denied("the key that policies are signed with isn't known here yet");
  wire::SignedPolicy signed_policy;
  if (!signed_policy.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return Error{ErrorCode::kInvalid, "the policy can't be read"};
  ASSIGN_OR_RETURN(const wire::Policy policy, policy::Verify(signed_policy, *terms.key));
  RETURN_IF_ERROR(CheckOwner(policy, terms.collector));
  const PolicyMark mark{policy.version(),
                        std::string(crypto::AsBytes(crypto::Sha256(signed_policy.snapshot())))};
  RETURN_IF_ERROR(CheckVersion(mark, terms.newest));
  ASSIGN_OR_RETURN(policy::Compiled rules, policy::Compiled::Compile(policy, catalogue));
  ASSIGN_OR_RETURN(auto limits, LimitTermsOf(policy));
  return std::make_shared<const PolicyInForce>(
      PolicyInForce{std::make_shared<const policy::Compiled>(std::move(rules)), mark.version, mark.sha256,
                    now, std::move(limits)});
}

Result<std::shared_ptr<const PolicyInForce>> CheckPolicy(const WholePolicy& whole, const PolicyTerms& terms,
                                                         const policy::Catalogue& catalogue, WallTime now) {
  if (crypto::AsBytes(crypto::Sha256(whole.bytes)) != whole.sha256)
    return Denied("the policy's digest isn't the one that it was announced with");
  ASSIGN_OR_RETURN(auto policy, CheckCachedPolicy(whole.bytes, terms, catalogue, now));
  if (policy->version != whole.version)
    return Denied("the policy has another version than it was announced with");
  return policy;
}

}  // namespace postern::membership
