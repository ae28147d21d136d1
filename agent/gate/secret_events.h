// Events that say that a secret was on its way: which rule found it, where, for whom, what was done. Never
// the secret. Pure.
#pragma once

#include "agent/gate/caller.h"
#include "agent/gate/exchange_events.h"
#include "agent/screening/screen.h"
#include "shared/wire/event.h"

namespace postern::gate {

wire::Event SecretFoundEvent(const ExchangeFacts& facts, const Caller& caller, const screening::Found& found);

}  // namespace postern::gate
