// One rule made ready. Only shared/secrets includes this.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/secrets/allow_match.h"
#include "shared/secrets/expression.h"
#include "shared/secrets/first_stage.h"
#include "shared/secrets/pattern.h"
#include "shared/secrets/rules.h"

namespace postern::secrets {

// Thread-safe.
struct CompiledRule {
  const Rule* rule = nullptr;
  std::optional<Expression> regex;  // none where the path alone decides
  std::optional<Expression> path;
  Pattern pattern;
  bool is_generic =
      false;  // its finding counts only where no other rule has one of the same secret on the line
  bool in_first_stage = false;
  std::vector<AllowMatch> allow;
  std::vector<uint32_t> required;  // rules, as rule->required lists them
};

// What of the match is secret: the rule's group; or the first that isn't empty; or all.
Span SecretIn(const CompiledRule& rule, std::string_view match);

// Matches of most rules are no longer.
inline constexpr size_t kShort = 512;

// What a match can reach: so far back from an end, and so far forward.
size_t WalkBack(const Pattern& pattern, std::string_view text, size_t from, size_t least);
size_t WalkForward(const Pattern& pattern, std::string_view text, size_t from);

// All rules of a set; the set must outlive them. `entries` is for the first stage: the rules that Vectorscan
// takes, and the keywords of others.
struct CompiledRules {
  std::vector<CompiledRule> rules;
  std::vector<AllowMatch> allow;
  std::vector<StageEntry> entries;
  // A rule that may match in any text, or only in those that call for it.
  struct OnCall {
    uint32_t rule;
    std::optional<size_t> call;

    bool IsDue(const Calls& calls) const { return !call || calls[*call]; }
  };
  std::vector<OnCall> beside;     // texts are held against them without a first stage
  std::vector<OnCall> long_ones;  // a match may be longer than kShort
  bool has_companions = false;    // a match may count by another one far from it
  std::vector<uint32_t> by_path;  // rules that have no expression
};
Result<CompiledRules> CompileRules(const RuleSet& set);

}  // namespace postern::secrets
