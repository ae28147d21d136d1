#include "agent/membership/policy_parts.h"

#include <utility>

#include "shared/wire/conversation.h"

namespace postern::membership {

Result<std::optional<WholePolicy>> PolicyParts::Add(const wire::PolicyPart& part) {
  const std::string& piece = part.piece();
  const bool fits = part.version() != 0 && part.size() <= wire::kMaxPolicyBytes && !piece.empty() &&
                    piece.size() <= wire::kMaxPolicyPieceBytes && part.offset() < part.size() &&
                    piece.size() <= part.size() - part.offset();
  const bool goes_on = part.offset() == 0 || GoesOn(part);
  // Of one that was given up only its name is left.
  const bool given_up = size_ == 0 && part.version() == policy_.version && part.sha256() == policy_.sha256;
  if (fits && !goes_on && given_up) return std::optional<WholePolicy>();
  if (!fits || !goes_on) {
    policy_ = {part.version(), part.sha256(), {}};
    size_ = 0;
    return Error{ErrorCode::kInvalid, fits ? "the policy's pieces didn't come in their order"
                                           : "a piece of the policy is too large or lies outside of it"};
  }
  if (part.offset() == 0) {
    policy_ = {part.version(), part.sha256(), {}};
    size_ = part.size();
  }
  policy_.bytes += piece;
  if (policy_.bytes.size() < size_) return std::optional<WholePolicy>();
  size_ = 0;
  return std::optional(std::exchange(policy_, {}));
}

void PolicyParts::Forget() {
  policy_ = {};
  size_ = 0;
}

bool PolicyParts::GoesOn(const wire::PolicyPart& part) const {
  return size_ != 0 && part.version() == policy_.version && part.sha256() == policy_.sha256 &&
         part.size() == size_ && part.offset() == policy_.bytes.size();
}

}  // namespace postern::membership
