#include "agent/membership/limit_terms.h"

#include <utility>

#include "shared/limits/policy_limits.h"

namespace postern::membership {

Result<std::shared_ptr<const LimitTerms>> LimitTermsOf(const wire::Policy& policy) {
  if (policy.limits().empty()) return std::shared_ptr<const LimitTerms>();
  ASSIGN_OR_RETURN(limits::Table table, limits::TableOf(policy));
  auto terms = std::make_shared<LimitTerms>(LimitTerms{.table = std::move(table), .messages = {}});
  for (const wire::PolicyLimit& limit : policy.limits()) {
    if (!limit.message().empty()) terms->messages.emplace(limit.id(), limit.message());
  }
  terms->web_searches = policy.caps().web_searches();
  terms->file_tokens = policy.caps().file_tokens();
  return std::shared_ptr<const LimitTerms>(std::move(terms));
}

}  // namespace postern::membership
