// The second stage: one pass over one text, the original or one that was decoded from it. Only shared/secrets
// includes this.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/secrets/budget.h"
#include "shared/secrets/compiled_rule.h"
#include "shared/secrets/decoding.h"
#include "shared/secrets/finding.h"
#include "shared/secrets/first_stage.h"
#include "shared/secrets/lines.h"
#include "shared/secrets/scanner.h"

namespace postern::secrets {

inline constexpr size_t kMatchCost = 256;  // what a match costs besides its bytes

// Thread-compatible; everything that it is given must outlive it.
class Pass {
 public:
  struct Input {
    const CompiledRules& rules;
    const Fragment& fragment;
    std::string_view text;   // valid UTF-8
    std::string_view shown;  // the same bytes as they came
    const Decoded* decoded;  // none in the first pass
    const Hits& hits;
    Lines& lines;  // of the original
    Budget& budget;
  };
  explicit Pass(const Input& input) : in_(input) {}

  // Adds what the rules find. kExhausted when the budget is spent.
  Status Run(std::vector<Finding>& findings);

 private:
  enum class Count { kFreshOnly, kAll };

  Status RunRule(uint32_t index, std::vector<Finding>& findings);
  bool PlaceCounts(const CompiledRule& rule) const;
  bool HasKeyword(const CompiledRule& rule, const std::vector<Ends>& ends);
  bool HasKeyword(const std::string& keyword);
  Status AddNew(std::vector<Finding>& found, std::vector<Finding>& findings);
  Status Confirm(uint32_t index, const std::vector<Ends>& ends, Count count, std::vector<Finding>& findings);
  Status ConfirmInValues(uint32_t index, const std::vector<Ends>& ends, Count count,
                         std::vector<Finding>& findings);
  Result<bool> SearchValue(uint32_t index, const Span& value, const Span& within, Count count,
                           std::vector<Finding>& findings);
  Status TakeMatch(uint32_t index, const Span& match, Count count, std::vector<Finding>& findings);
  Status SearchKey(uint32_t index, size_t at, const Span& within, Count count,
                   std::vector<Finding>& findings);
  Status SearchLists(uint32_t index, const Span& match, Count count, std::vector<Finding>& findings);
  Status SearchLines(uint32_t index, const std::vector<Span>& values, Count count,
                     std::vector<Finding>& findings);
  std::vector<Span> ListFrom(const Span& value);
  Status Keep(uint32_t index, const Span& untrimmed, const Span& text_within, Count count,
              std::vector<Finding>& findings);
  Result<bool> IsAllowed(const CompiledRule& rule, const Finding& finding, const Span& match,
                         const Span& text_within);
  // Of bytes of the text, in the original; and back.
  Span Origin(const Span& span) const { return in_.decoded == nullptr ? span : in_.decoded->Origin(span); }
  Span Here(const Span& origin) const { return in_.decoded == nullptr ? origin : in_.decoded->Here(origin); }
  Span Trimmed(Span match) const;
  std::optional<Span> ValueFrom(size_t at);  // of the original
  bool LeavesItsValue(const Span& secret);
  Status KeepWithCompanions(const CompiledRule& rule, std::vector<Finding>& findings);
  Result<const std::vector<Finding>*> CompanionsOf(uint32_t index);
  void AddByPath(uint32_t index, std::vector<Finding>& findings);

  const Input in_;
  std::map<std::string_view, bool> keywords_;
  std::map<uint32_t, std::vector<Finding>> companions_;
  std::vector<Span> in_values_;  // matches of the rule at hand in values alone, in order
  size_t in_lists_ = 0;          // lists of the original up to here have been searched for it
  std::optional<Span> value_;    // the last one
};

}  // namespace postern::secrets
