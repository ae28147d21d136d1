// What calls that make a version of the policy have in common: `?force=`, `?wait=`, and what they answer.
#pragma once

#include <chrono>
#include <optional>

#include "collector/api/handlers.h"
#include "collector/policy/policies.h"

namespace postern::api {

struct MadeQuery {
  policies::Force force = policies::Force::kNo;
  std::optional<std::chrono::seconds> wait;
};

// kInvalid for any other parameter.
Result<MadeQuery> ReadMadeQuery(const Call& call);
Result<policies::Force> ReadForce(std::string_view value);

// What became of an attempt: the new version and, where that is asked for, whom it has reached; or why there
// is none.
Answer Made(const Context& context, const std::optional<std::chrono::seconds>& wait,
            const Result<policies::Attempt>& attempt);

}  // namespace postern::api
