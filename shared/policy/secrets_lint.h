// What is sound about secrets and yet probably not meant. Private to this directory: Lint asks it.
#pragma once

#include <vector>

#include "shared/base/clock.h"
#include "shared/policy/lint.h"
#include "shared/policy/policy_file.h"

namespace postern::policy {

std::vector<Concern> SecretConcerns(const PolicyFile& file, WallTime now);

}  // namespace postern::policy
