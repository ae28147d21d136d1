#include "shared/secrets/built_in.h"

#include "shared/base/check.h"
#include "shared/secrets/built_in_text.h"
#include "shared/secrets/rule_file.h"

namespace postern::secrets {

std::string_view BuiltInText() { return kBuiltInText; }

RuleSet BuiltInRules() {
  auto rules = ReadRules(kBuiltInText, "secrets.toml", {});
  CHECK(rules);
  return *std::move(rules);
}

}  // namespace postern::secrets
