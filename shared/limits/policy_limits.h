// The limits that a policy has. Both sides read them from the same snapshot: the gate to see which ones an
// exchange meets, the ledger to see how much they allow. Pure; fails closed.
#pragma once

#include "shared/base/result.h"
#include "shared/limits/table.h"
#include "shared/wire/policy.pb.h"

namespace postern::limits {

// kInvalid as Table::Make, and for a scope, unit or span that this version doesn't know: a limit that isn't
// understood must not be passed over.
Result<Table> TableOf(const wire::Policy& policy);

// As it stands in a policy.
Result<Limit> FromWire(const wire::PolicyLimit& limit);

}  // namespace postern::limits
