// Rules of several files that are one set: what extends changes what it extends. Only shared/secrets includes
// this.
#pragma once

#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/secrets/rules.h"

namespace postern::secrets {

// None of this id: nullptr.
Rule* FindRule(std::vector<Rule>& rules, std::string_view id);

// The child's fields override, its lists come behind.
void Override(Rule& base, const Rule& child);

// Whether the rules are whole once all files are read. kInvalid, with file and line.
Status CheckWhole(const RuleSet& set);

}  // namespace postern::secrets
