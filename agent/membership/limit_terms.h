// What a policy says of money: its limits, what a refusal by each of them shows, and what strict admission
// may count on.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "shared/base/result.h"
#include "shared/limits/table.h"
#include "shared/wire/policy.pb.h"

namespace postern::membership {

// Never changes.
struct LimitTerms {
  limits::Table table;
  std::map<std::string, std::string, std::less<>> messages;  // by limit; only of those that have one
  uint32_t web_searches = 0;  // of strict admission, in one exchange; 0: none may be counted on
  uint64_t file_tokens = 0;   // the same, of each file that the provider fetches
};

// Null where the policy has no limits. Errors as limits::TableOf: a policy with a limit that isn't understood
// must not come into force.
Result<std::shared_ptr<const LimitTerms>> LimitTermsOf(const wire::Policy& policy);

}  // namespace postern::membership
