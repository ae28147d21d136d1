// What a level says that is no list: caps, times, tags, messages. Private to this directory.
#pragma once

#include "shared/base/result.h"
#include "shared/policy/tables.h"
#include "shared/wire/policy.pb.h"

namespace postern::policy {

// The level has its prefix. kInvalid for what is beyond limits.h or means nothing.
Status SetScalars(const wire::Rules& rules, Level& level);

}  // namespace postern::policy
