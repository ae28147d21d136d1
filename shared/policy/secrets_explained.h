// Why: what becomes of a secret, and where originals are put back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/policy/compiled.h"

namespace postern::policy {

struct SecretsExplained {
  std::string action;                // "off", "warn", "redact", "block"
  std::string rule;                  // by which rule of the policy; empty: none speaks of it
  std::string level;                 // whose that is: "team ml"
  std::vector<std::string> restore;  // the tools that originals are put back for
  bool answers = false;              // whether answers are looked at, too
};

// Of a secret that this rule for secrets finds in this file. Either may be empty: a secret of another rule
// than those that the policy names, a place that is no file.
SecretsExplained ExplainSecrets(const Compiled& policy, const Facts& facts, std::string_view rule,
                                std::string_view path);

}  // namespace postern::policy
