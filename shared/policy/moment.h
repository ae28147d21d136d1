// A date or a time, as a policy's file says from when or until when. Private to this directory.
#pragma once

#include <cstdint>

#include "shared/base/result.h"
#include "shared/config/node.h"
#include "shared/wire/policy.pb.h"

namespace postern::policy {

// Seconds since 1970. A date is the beginning of that day in the zone. kInvalid, with file and line.
Result<int64_t> ReadMoment(const config::Node& node, const wire::TimeZone& zone);

}  // namespace postern::policy
