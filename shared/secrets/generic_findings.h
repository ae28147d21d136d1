// Findings of generic rules beside those of special ones. Only shared/secrets includes this.
#pragma once

#include <vector>

#include "shared/base/result.h"
#include "shared/secrets/budget.h"
#include "shared/secrets/compiled_rule.h"
#include "shared/secrets/finding.h"

namespace postern::secrets {

// Drops the findings of generic rules whose secret another rule has on the same line, or has in its encoded
// form. kExhausted when the budget is spent.
Status DropGeneric(const CompiledRules& rules, Budget& budget, std::vector<Finding>& findings);

}  // namespace postern::secrets
