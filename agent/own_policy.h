// The policy of a lone host: a file that agent.yaml names.
#pragma once

#include <memory>

#include "agent/config.h"
#include "agent/membership/policy_in_force.h"
#include "shared/base/result.h"
#include "shared/policy/catalogue.h"

namespace postern::agent {

// Null where agent.yaml names none. kInvalid, with file and line, for what is no policy; kNotFound where the
// file can't be opened.
Result<std::shared_ptr<const membership::PolicyInForce>> ReadOwnPolicy(const PolicyConfig& config,
                                                                       const policy::Catalogue& catalogue);

}  // namespace postern::agent
