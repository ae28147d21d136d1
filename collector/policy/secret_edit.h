// A policy's text with one secret let through, or no longer: the rest stays as it was written. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/base/result.h"
#include "shared/wire/policy.pb.h"

namespace postern::policies {

// In place of an entry for the same fingerprint, if there is one. `policy`: what the text says. kInvalid as
// splice.h.
Result<std::string> WithAllowedSecret(std::string_view yaml, const wire::Policy& policy,
                                      const wire::AllowedSecret& allowed);

// `fingerprint`: its bytes. kNotFound where it isn't let through.
Result<std::string> WithoutAllowedSecret(std::string_view yaml, const wire::Policy& policy,
                                         const std::string& fingerprint);

}  // namespace postern::policies
