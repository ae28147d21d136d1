// A limit's name stands for what is counted under it, in its unit: in nano-dollars, tokens, requests or
// slots. A limit of another unit under the same name would take the one for the other until its window ends.
// Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "collector/policy/assessment.h"
#include "shared/base/result.h"
#include "shared/policy/policy_file.h"
#include "shared/wire/policy.pb.h"

namespace postern::policies {

// So many versions are looked at for a limit of that name that isn't in the one in force.
inline constexpr uint64_t kVersionsLookedBack = 100;

// A limit that has another unit than in the version in force: that is no policy.
std::optional<Problem> ChangedUnit(const wire::Policy& in_force, const policy::PolicyFile& file);

// A limit that isn't in force and had another unit when it last was: applied only where that is said.
// `before` gives an earlier version's policy; null where there is none of that number.
using Earlier = std::function<Result<const wire::Policy*>(uint64_t version)>;
Result<std::optional<Problem>> ReturnsInAnotherUnit(const wire::Policy& in_force,
                                                    const policy::PolicyFile& file, const Earlier& before);

}  // namespace postern::policies
