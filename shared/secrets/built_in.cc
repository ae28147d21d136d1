#include "shared/secrets/built_in.h"

#include <algorithm>
#include <string>

#include "shared/base/check.h"
#include "shared/config/node.h"
#include "shared/secrets/built_in_text.h"
#include "shared/secrets/compiled_rule.h"
#include "shared/secrets/rule_file.h"

namespace postern::secrets {
namespace {

constexpr std::string_view kExtension = "\n[extend]\nuseDefault = true\n";

bool IsWord(std::string_view text, std::string_view word) {
  return std::equal(text.begin(), text.end(), word.begin(), word.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

// Whether the text says itself what it extends.
Result<bool> Extends(std::string_view text, std::string_view name) {
  ASSIGN_OR_RETURN(const config::Node root, config::ParseToml(text, name));
  ASSIGN_OR_RETURN(const auto entries, root.AsEntries());
  for (const auto& [key, extend] : entries) {
    if (!IsWord(key, "extend")) continue;
    ASSIGN_OR_RETURN(const auto fields, extend.AsEntries());
    for (const auto& [field, value] : fields) {
      if (!IsWord(field, "usedefault")) continue;
      ASSIGN_OR_RETURN(const bool by_default, value.AsBool());
      if (by_default) return true;
    }
    return extend.Wrong("an extension without useDefault", "useDefault = true");
  }
  return false;
}

}  // namespace

std::string_view BuiltInText() { return kBuiltInText; }

RuleSet BuiltInRules() {
  auto rules = ReadRules(kBuiltInText, "secrets.toml", {});
  CHECK(rules);
  return *std::move(rules);
}

Result<RuleSet> RulesBesideBuiltIn(std::string_view text, std::string_view name) {
  ASSIGN_OR_RETURN(const bool extends, Extends(text, name));
  const RuleSources sources{.read = [](const std::string&) -> Result<std::string> {
                              return Error{ErrorCode::kInvalid, "other files can't be extended here"};
                            },
                            .built_in = BuiltInText()};
  ASSIGN_OR_RETURN(RuleSet rules,
                   ReadRules(std::string(text).append(extends ? "" : kExtension), name, sources));
  const auto compiled = CompileRules(rules);
  if (!compiled) return compiled.error();
  return rules;
}

}  // namespace postern::secrets
