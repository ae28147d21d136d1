// The project's own rules, config/secrets.toml, as they were when the program was built: what `postern scan`
// uses where it is given no others, and what [extend] useDefault means.
#pragma once

#include <string_view>

#include "shared/base/result.h"
#include "shared/secrets/rules.h"

namespace postern::secrets {

std::string_view BuiltInText();

// The same, read. They can be read: a test says so.
RuleSet BuiltInRules();

}  // namespace postern::secrets
