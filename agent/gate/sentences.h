// What a refusal says to the person at the client, where it doesn't depend on the request.
#pragma once

#include "agent/gate/refusal.h"
#include "agent/identity/identify.h"

namespace postern::gate {

Refusal RefusalOf(identity::IdentityRefusal refusal);

// The record can't be kept, and nothing may leave unrecorded.
Refusal RecordRefusal();

}  // namespace postern::gate
