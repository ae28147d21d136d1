// Whether a policy that came may be put in force on this host. Pure.
//
//   digest ─▶ signature ─▶ whose it is ─▶ newer than any known ─▶ compiled
//
// Fails closed: the first that doesn't hold is the sentence, and nothing of the policy is used then.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/membership/policy_in_force.h"
#include "agent/membership/policy_parts.h"
#include "shared/base/result.h"
#include "shared/crypto/ed25519.h"
#include "shared/policy/catalogue.h"

namespace postern::membership {

// The newest policy that was ever in force in this membership. What is older never is again.
struct PolicyMark {
  uint64_t version = 0;  // 0: there was none
  std::string sha256;    // of its snapshot

  friend bool operator==(const PolicyMark&, const PolicyMark&) = default;
};

struct PolicyTerms {
  std::optional<crypto::PublicKey> key;  // whose signature counts; nothing: it isn't known yet
  std::string collector;                 // the collector's id, hexadecimal
  PolicyMark newest;
};

// A policy of the newest mark itself passes: it comes again after its acknowledgement was lost, and from this
// host's own disk. kDenied: key, collector, version, digest; else errors as policy::Verify and Compile.
Result<std::shared_ptr<const PolicyInForce>> CheckPolicy(const WholePolicy& whole, const PolicyTerms& terms,
                                                         const policy::Catalogue& catalogue, WallTime now);

// What is on the disk: the same, but nobody has said which version and digest it should have.
Result<std::shared_ptr<const PolicyInForce>> CheckCachedPolicy(std::string_view bytes,
                                                               const PolicyTerms& terms,
                                                               const policy::Catalogue& catalogue,
                                                               WallTime now);

}  // namespace postern::membership
