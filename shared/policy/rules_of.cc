#include "shared/policy/rules_of.h"

namespace postern::policy {

const wire::Patterns& PatternsOf(const wire::Rules& rules, Kind kind) {
  switch (kind) {
    case Kind::kModels: return rules.models();
    case Kind::kProviders: return rules.providers();
    case Kind::kCredentials: return rules.credentials();
    case Kind::kTools: return rules.tools();
    case Kind::kHosts: return rules.hosts();
    case Kind::kOsUsers: return rules.os_users();
  }
  return rules.models();
}

bool SaysSomething(const wire::Patterns& patterns) {
  return patterns.allow_size() > 0 || patterns.deny_size() > 0 || patterns.allows_listed();
}

void ForEachRules(const wire::Policy& policy, const std::function<void(const wire::Rules&)>& see) {
  see(policy.defaults());
  for (const auto& team : policy.teams()) see(team.rules());
  for (const auto& group : policy.groups()) see(group.rules());
  for (const auto& user : policy.users()) see(user.rules());
  for (const auto& key : policy.keys()) see(key.rules());
}

size_t CountPatterns(const wire::Policy& policy) {
  auto count = static_cast<size_t>(policy.secrets().allowed_size());
  ForEachRules(policy, [&count](const wire::Rules& rules) {
    for (size_t i = 0; i < kKinds; ++i) {
      const wire::Patterns& patterns = PatternsOf(rules, static_cast<Kind>(i));
      count += static_cast<size_t>(patterns.allow_size()) + static_cast<size_t>(patterns.deny_size()) +
               (SaysSomething(patterns) ? 1 : 0);
    }
    for (const wire::SecretRule& order : rules.secrets())
      count += static_cast<size_t>(order.rules_size()) + static_cast<size_t>(order.paths_size()) + 1;
  });
  return count;
}

}  // namespace postern::policy
