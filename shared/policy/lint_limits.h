// What is sound as a limit and yet probably not meant. Private to this directory.
#pragma once

#include <functional>
#include <string>

#include "shared/policy/lint.h"
#include "shared/policy/model_names.h"

namespace postern::policy {

using Say = std::function<void(Weight weight, const std::string& rule, std::string sentence)>;

// A team, user, key, provider or model that nobody knows, or a model by another name than models.yaml's own;
// a limit of 0; a raise that is over.
void LintLimits(const wire::Policy& policy, const KnownModels& known, const People& people, WallTime now,
                const Say& say);

}  // namespace postern::policy
