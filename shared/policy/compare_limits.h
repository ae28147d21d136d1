// What another policy would change about money, and for whom. Private to this directory.
#pragma once

#include <vector>

#include "shared/policy/compare.h"
#include "shared/policy/people.h"
#include "shared/wire/policy.pb.h"

namespace postern::policy {

// Limits are told apart by their ids: what was spent belongs to them. In the order of ids,
// `offline.allowance` and `admission` after them.
std::vector<Difference> CompareLimits(const wire::Policy& before, const wire::Policy& after,
                                      const People& people, WallTime now);

}  // namespace postern::policy
