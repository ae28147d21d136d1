// The lines of /metrics and the members of /status that speak of the policy and of a freeze. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "agent/membership/policy_in_force.h"
#include "shared/base/clock.h"

namespace postern::operations {

struct PolicyView {
  std::shared_ptr<const membership::PolicyInForce> policy;  // null: none is in force
  uint64_t refused = 0;                                     // that came and were not taken
  std::string refusal;  // why the last one wasn't; empty where one was since
  std::optional<membership::Freeze> freeze;
};

void AppendPolicyMetrics(std::string& out, const PolicyView& view, WallTime now);

// ",\"policy_version\":…", members of an object that has begun.
std::string PolicyMembers(const PolicyView& view, WallTime now);

}  // namespace postern::operations
