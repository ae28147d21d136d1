// Bodies of calls that change limits.
#pragma once

#include <cstdint>

#include "collector/api/call.h"
#include "shared/base/result.h"
#include "shared/wire/policy.pb.h"

namespace postern::api {

// All of the limit of the call's path but its raise. kInvalid, naming the field and what is allowed.
Result<wire::PolicyLimit> ReadLimit(const Call& call);

struct RaiseBody {
  int64_t by = 0;
  int64_t until = 0;  // seconds since 1970; 0: the raise ends
};

// kInvalid too for a time that isn't to come.
Result<RaiseBody> ReadRaise(const Context& context, const Call& call);

}  // namespace postern::api
