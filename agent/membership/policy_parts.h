// Pieces of a policy, put together. Pure.
//
// One policy is put together at a time, from pieces in their order; a piece at the beginning of a policy,
// this one or another, begins anew. So no more is held than the collector has really sent, and never more
// than wire::kMaxPolicyBytes. What comes out is whole, and nothing else is known of it: its digest and its
// signature are for the caller to verify.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "shared/base/result.h"
#include "shared/wire/conversation.pb.h"

namespace postern::membership {

// A serialised SignedPolicy, as long as its pieces said, with what they said of it.
struct WholePolicy {
  uint64_t version = 0;
  std::string sha256;  // of `bytes`, 32 bytes: claimed
  std::string bytes;
};

// Thread-compatible.
class PolicyParts {
 public:
  // The policy, where this was its last piece. kInvalid where the piece doesn't go on where the one before it
  // ended, or says something else of the whole: then all is forgotten, and until the policy comes again from
  // its beginning the rest of it is passed over.
  Result<std::optional<WholePolicy>> Add(const wire::PolicyPart& part);

  void Forget();

  size_t held() const { return policy_.bytes.size(); }

 private:
  bool GoesOn(const wire::PolicyPart& part) const;

  WholePolicy policy_;
  uint32_t size_ = 0;  // of the whole; 0: nothing has begun
};

}  // namespace postern::membership
