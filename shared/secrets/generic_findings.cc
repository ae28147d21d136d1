#include "shared/secrets/generic_findings.h"

#include <algorithm>
#include <unordered_map>

namespace postern::secrets {
namespace {

constexpr size_t kCompareCost = 16;  // two findings held against each other

}  // namespace

Status DropGeneric(const CompiledRules& rules, Budget& budget, std::vector<Finding>& findings) {
  std::unordered_map<size_t, std::vector<const Finding*>> by_line;
  std::vector<const Finding*> special;
  for (const Finding& finding : findings) {
    if (rules.rules[finding.rule].is_generic) continue;
    by_line[finding.place.start_line].push_back(&finding);
    special.push_back(&finding);
  }
  const auto holds = [&budget](const std::vector<const Finding*>& others, const auto& has) -> Result<bool> {
    if (!budget.Spend(others.size() * kCompareCost)) return BudgetSpent();
    return std::any_of(others.begin(), others.end(), has);
  };
  std::vector<bool> dropped(findings.size());
  for (size_t i = 0; i < findings.size(); ++i) {
    const Finding& finding = findings[i];
    if (!rules.rules[finding.rule].is_generic) continue;
    if (const auto others = by_line.find(finding.place.start_line); others != by_line.end()) {
      ASSIGN_OR_RETURN(dropped[i], holds(others->second, [&](const Finding* other) {
                         return other->secret.find(finding.secret) != std::string::npos;
                       }));
    }
    // The same in its encoded form: what it was decoded from is the other's secret.
    if (!dropped[i] && finding.encodings != 0) {
      ASSIGN_OR_RETURN(dropped[i], holds(special, [&](const Finding* other) {
                         return other->depth < finding.depth &&
                                other->secret_span.begin <= finding.secret_span.begin &&
                                finding.secret_span.end <= other->secret_span.end;
                       }));
    }
  }
  std::vector<Finding> kept;
  for (size_t i = 0; i < findings.size(); ++i) {
    if (!dropped[i]) kept.push_back(std::move(findings[i]));
  }
  findings = std::move(kept);
  return Ok{};
}

}  // namespace postern::secrets
