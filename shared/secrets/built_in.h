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

// The rules of this text beside the built-in ones, which it may override and switch off by their ids: as if
// it said `[extend] useDefault = true`, which is the only extension that it may have. kInvalid, with `name`
// and line, for what can't be read or compiled.
Result<RuleSet> RulesBesideBuiltIn(std::string_view text, std::string_view name);

}  // namespace postern::secrets
