// Files of rules: whatever they hold is read or refused with a place, and nothing else happens.
#include <cstddef>
#include <cstdint>

#include "shared/base/check.h"
#include "shared/secrets/pattern.h"
#include "shared/secrets/rule_file.h"

using namespace postern;  // NOLINT: this file has no names of its own

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const secrets::RuleSources sources{.read = [](const std::string&) -> Result<std::string> {
                                       return std::string("[[rules]]\nid='p'\nregex='p'\n");
                                     },
                                     .built_in = "[[rules]]\nid='b'\nregex='b'\n"};
  const auto rules = secrets::ReadRules(text, "fuzz.toml", sources);
  if (!rules) {
    CHECK(rules.error().code == ErrorCode::kInvalid);
    CHECK(rules.error().message.find('\n') == std::string::npos);
    return 0;
  }
  for (const secrets::Rule& rule : rules->rules) {
    CHECK(!rule.id.empty());
    CHECK(!rule.regex.empty() || !rule.path.empty());
    secrets::Analyse(rule.regex);
  }
  return 0;
}
