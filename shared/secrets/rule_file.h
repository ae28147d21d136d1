// Reading Gitleaks' configuration format: all of it, and nothing that it doesn't have. Pure.
//
//   secrets.toml:12: rules[3].keyword: unknown key; did you mean "keywords"?
//
// A file can be wrong, but never in part: whatever can't be understood is an error with file and line, since
// a rule that is skipped in silence is a secret that leaves in silence. Keys are read in any case of letters,
// as Gitleaks does.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "shared/base/result.h"
#include "shared/secrets/rules.h"

namespace postern::secrets {

// Where the files that a file extends come from. Whoever calls decides what a path is relative to.
struct RuleSources {
  std::function<Result<std::string>(const std::string& path)> read{};  // [extend] path
  std::string_view built_in{};                                         // [extend] useDefault
};

// `name` is what errors call the text. All errors are kInvalid, or what `read` returned.
Result<RuleSet> ReadRules(std::string_view text, std::string_view name, const RuleSources& sources);

}  // namespace postern::secrets
