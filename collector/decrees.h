// The collector's policies as intake asks for them.
#pragma once

#include "collector/intake/decrees.h"
#include "collector/policy/policies.h"

namespace postern::collector {

// `policies` must live longer than what is returned.
intake::Decrees DecreesOf(policies::Policies& policies);

}  // namespace postern::collector
