// Whether somebody who was let in may still go on: what a change of the directory, of keys.yaml, or the
// passing of time is held against. The same sentences as at the door, so that what follows is refused in the
// same words.
#pragma once

#include <optional>

#include "agent/gate/inquiries.h"
#include "agent/gate/live_exchanges.h"
#include "agent/gate/refusal.h"
#include "agent/gate/settings.h"
#include "shared/base/clock.h"

namespace postern::gate {

// A lone host: the key is gone from keys.yaml, disabled, expired, bound elsewhere; or the OS user is gone.
std::optional<Refusal> WhyBarredByFiles(const LiveExchange& exchange, const Settings& settings, WallTime now);

// A member: everything is frozen; this host is shut out; the collector has been silent for too long; the key
// or OS user is revoked, disabled, unknown, bound elsewhere. (Not a host that is set aside: what has begun
// goes on there.) A key that is only remembered is asked for again, since it may have been revoked while the
// collector was away; until the answer comes it may go on.
std::optional<Refusal> WhyBarredByCollector(const LiveExchange& exchange, Inquiries& inquiries,
                                            const Settings& settings, WallTime now);

}  // namespace postern::gate
