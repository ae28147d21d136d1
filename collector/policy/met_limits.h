// Which limits an exchange meets, as an agent would find them. Pure.
#pragma once

#include <string>
#include <vector>

#include "collector/policy/explained.h"
#include "shared/base/result.h"
#include "shared/policy/catalogue.h"
#include "shared/wire/policy.pb.h"

namespace postern::policies {

// By the question's team, user, key, provider and model; the question is completed. kInvalid for limits that
// this version doesn't understand.
Result<std::vector<MetLimit>> LimitsMet(const wire::Policy& policy, const policy::Compiled& compiled,
                                        const policy::Catalogue& catalogue, const Question& question);

}  // namespace postern::policies
