// A policy's text with one of its limits set, raised or taken out: the rest stays as it was written. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/base/result.h"
#include "shared/wire/policy.pb.h"

namespace postern::policies {

// The limit as it stands in a file: "{team: ml, usd: 500, per: month}".
std::string LimitValue(const wire::PolicyLimit& limit, const wire::TimeZone& zone);

// `before`: as the text has it; none: it is new. Where it stands in lines of its own, only those of its keys
// change that are different. kInvalid as splice.h, whose sentence says what to do.
Result<std::string> WithLimit(std::string_view yaml, const std::optional<wire::PolicyLimit>& before,
                              const wire::PolicyLimit& limit, const wire::TimeZone& zone);
Result<std::string> WithoutLimit(std::string_view yaml, const std::string& id);

// The limit with this id; kNotFound.
Result<wire::PolicyLimit> LimitIn(const wire::Policy& policy, const std::string& id);

}  // namespace postern::policies
