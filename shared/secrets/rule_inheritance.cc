#include "shared/secrets/rule_inheritance.h"

#include <algorithm>
#include <set>

namespace postern::secrets {
namespace {

template <class T>
void Append(std::vector<T>& to, const std::vector<T>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

}  // namespace

void Override(Rule& base, const Rule& child) {
  base.where = child.where;
  if (!child.description.empty()) base.description = child.description;
  if (!child.regex.empty()) base.regex = child.regex;
  if (!child.path.empty()) base.path = child.path;
  if (child.secret_group != 0) base.secret_group = child.secret_group;
  if (child.entropy != 0) base.entropy = child.entropy;
  if (child.report != Report::kYes) base.report = child.report;
  Append(base.keywords, child.keywords);
  Append(base.tags, child.tags);
  Append(base.allow_lists, child.allow_lists);
  Append(base.required, child.required);
  // Samples were of the rule as it was.
  base.true_samples = child.true_samples;
  base.false_samples = child.false_samples;
}

Rule* FindRule(std::vector<Rule>& rules, std::string_view id) {
  const auto found =
      std::find_if(rules.begin(), rules.end(), [&](const Rule& rule) { return rule.id == id; });
  return found == rules.end() ? nullptr : &*found;
}

Status CheckWhole(const RuleSet& set) {
  std::set<std::string_view> ids;
  for (const Rule& rule : set.rules) ids.insert(rule.id);
  for (const Rule& rule : set.rules) {
    const auto wrong = [&](const char* what) { return Error{ErrorCode::kInvalid, rule.where + ": " + what}; };
    if (rule.regex.empty() && rule.path.empty()) return wrong("the rule has neither regex nor path");
    if (rule.regex.empty() && !rule.required.empty())
      return wrong("a rule of a path alone can't require another");
    for (const RequiredRule& required : rule.required) {
      if (required.id == rule.id) return wrong("the rule requires itself");
      if (!ids.contains(required.id)) return wrong("the rule requires one that isn't there");
    }
  }
  return Ok{};
}

}  // namespace postern::secrets
