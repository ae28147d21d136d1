// A member's purse among its neighbours: the record that keeps it, and the uplink that refills it.
#pragma once

#include <functional>

#include "agent/gate/recorder.h"
#include "agent/purse/agent_clock.h"
#include "agent/purse/purse.h"
#include "agent/spool/spool.h"
#include "agent/uplink/ports.h"
#include "shared/http/loop.h"
#include "shared/wire/conversation.h"

namespace postern::agent {

// All that these functions are given must live longer than what they return.

// For the purse, in the loop's thread.
purse::Ports PortsOf(http::Loop& loop, spool::Spool& spool, gate::Recorder& recorder,
                     std::function<void(wire::FromAgent)> say);

// For the uplink: what comes in its thread goes on in the loop's, in its order.
uplink::Money MoneyOf(http::Loop& loop, spool::Spool& spool, const purse::AgentClock& clock,
                      purse::Purse& purse);

}  // namespace postern::agent
