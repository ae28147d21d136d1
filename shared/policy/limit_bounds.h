// How many limits one exchange may meet, whoever makes it. Private to this directory.
#pragma once

#include "shared/base/result.h"
#include "shared/wire/policy.pb.h"

namespace postern::policy {

// kInvalid where there are more limits than kMostLimits, or where somebody might meet more accounts than an
// event, a demand and a charge have room for (wire::kMaxCharges). Teams have been checked before: none is
// within itself.
Status CheckLimitBounds(const wire::Policy& policy);

}  // namespace postern::policy
