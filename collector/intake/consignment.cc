#include "collector/intake/consignment.h"

#include <utility>

#include "shared/wire/conversation.h"

namespace postern::intake {

Result<std::shared_ptr<const Consignment>> Consignment::Pack(const SentPolicy& policy) {
  const std::string& bytes = *policy.bytes;
  if (bytes.empty() || bytes.size() > wire::kMaxPolicyBytes)
    return Error{ErrorCode::kInvalid, "a policy has at most 32 MiB, and more than none"};
  auto packed = std::make_shared<Consignment>();
  packed->version_ = policy.version;
  packed->snapshot_sha256_ = policy.snapshot_sha256;
  for (size_t offset = 0; offset < bytes.size(); offset += kPieceBytes) {
    wire::FromCollector message;
    wire::PolicyPart& part = *message.mutable_policy_part();
    part.set_version(policy.version);
    part.set_sha256(policy.sha256);
    part.set_size(static_cast<uint32_t>(bytes.size()));
    part.set_offset(static_cast<uint32_t>(offset));
    part.set_piece(bytes.substr(offset, kPieceBytes));
    ASSIGN_OR_RETURN(std::string frame, wire::Encode(std::move(message)));
    packed->frames_.push_back(std::make_shared<const std::string>(std::move(frame)));
  }
  return std::shared_ptr<const Consignment>(std::move(packed));
}

}  // namespace postern::intake
