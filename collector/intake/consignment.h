// A policy made ready for the road: cut into the frames that carry it, once, for however many agents.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "collector/intake/decrees.h"
#include "shared/base/result.h"

namespace postern::intake {

// Never changes. Thread-safe.
class Consignment {
 public:
  // Of what the wire allows (256 KiB) a quarter: ZeroMQ holds an encrypted copy of the piece under way for
  // every agent that is slow to take it, and a revocation waits behind the pieces that were sent before it.
  static constexpr size_t kPieceBytes = size_t{64} << 10;

  // kInvalid: no bytes, or more than wire::kMaxPolicyBytes.
  static Result<std::shared_ptr<const Consignment>> Pack(const SentPolicy& policy);

  uint64_t version() const { return version_; }
  const std::string& snapshot_sha256() const { return snapshot_sha256_; }
  const std::vector<std::shared_ptr<const std::string>>& frames() const { return frames_; }

 private:
  uint64_t version_ = 0;
  std::string snapshot_sha256_;
  std::vector<std::shared_ptr<const std::string>> frames_;  // PolicyPart, in the order of their offsets
};

}  // namespace postern::intake
