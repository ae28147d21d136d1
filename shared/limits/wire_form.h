// grant.h's messages as protobuf and back. The bounds of wire::Decode hold already; what the fields say is
// still the other side's claim. Pure.
#pragma once

#include <cstdint>
#include <utility>

#include "shared/base/result.h"
#include "shared/limits/grant.h"
#include "shared/wire/money.pb.h"

namespace postern::limits {

wire::Window ToWire(const Window& window);
Window FromWire(const wire::Window& window);

wire::Demand ToWire(const Demand& demand, uint64_t incarnation);
Demand FromWire(const wire::Demand& demand);

wire::Return ToWire(const Return& returned, uint64_t incarnation);
Return FromWire(const wire::Return& returned);

wire::Holding ToWire(const Held& held);
Held FromWire(const wire::Holding& holding);

wire::Grant ToWire(const Answer& answer, uint64_t incarnation);
// kInvalid for a word that this version doesn't know.
Result<Answer> FromWire(const wire::Grant& grant);

wire::Charge ToWire(const Charge& charge);
Charge FromWire(const wire::Charge& charge);

}  // namespace postern::limits
