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
#include "shared/secrets/compiled_rule.h"
#include "shared/secrets/decoding.h"
#include "shared/secrets/finding.h"
#include "shared/secrets/first_stage.h"
#include "shared/secrets/scanner.h"

namespace postern::secrets {

// What the second stage may still do. Thread-compatible.
class Budget {
 public:
  explicit Budget(size_t bytes) : left_(bytes) {}
  bool Spend(size_t bytes) {
    const bool enough = bytes <= left_;
    left_ = enough ? left_ - bytes : 0;
    return enough;
  }

 private:
  size_t left_;
};

Error BudgetSpent();

// Where lines begin, worked out when it is first asked for. Thread-compatible.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}
  Place Of(const Span& span);

 private:
  std::pair<size_t, size_t> LineAndColumn(size_t at);
  std::string_view text_;
  std::vector<size_t> begins_;
};

// What is shown of them: the lines, or 1,000 bytes of them.
std::string ShownLine(std::string_view text, const Span& span);

// The text's lines that these bytes stand on, without the last newline.
std::string_view LinesAround(std::string_view text, const Span& span);

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
  Status Confirm(uint32_t index, const std::vector<Ends>& ends, Count count, std::vector<Finding>& findings);
  Status TakeMatch(uint32_t index, Span match, Count count, std::vector<Finding>& findings);
  Result<bool> IsAllowed(const CompiledRule& rule, const Finding& finding, const Span& match);
  Status KeepWithCompanions(const CompiledRule& rule, std::vector<Finding>& findings);
  Result<const std::vector<Finding>*> CompanionsOf(uint32_t index);
  void AddByPath(uint32_t index, std::vector<Finding>& findings);

  const Input in_;
  std::optional<std::string> lowered_;
  std::map<std::string_view, bool> keywords_;
  std::map<uint32_t, std::vector<Finding>> companions_;
};

// Drops the findings of generic rules whose secret another rule has on the same line, or has in its encoded
// form. kExhausted when the budget is spent.
Status DropGeneric(const CompiledRules& rules, Budget& budget, std::vector<Finding>& findings);

}  // namespace postern::secrets
