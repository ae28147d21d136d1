// What a refusal says to the person at the client, where it doesn't depend on the request.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "agent/gate/inquiries.h"
#include "agent/gate/refusal.h"
#include "agent/identity/identify.h"
#include "agent/membership/known.h"
#include "agent/membership/membership.h"

namespace postern::gate {

Refusal RefusalOf(identity::IdentityRefusal refusal);

// The same of a key that the collector knows, with what it says of it where it is disabled or revoked.
Refusal RefusalOf(identity::IdentityRefusal refusal, const membership::Key& key);

// There is no answer to judge by; `why` is the collector's sentence where it has set this host aside, `ttl`
// how long it may be silent.
Refusal RefusalOf(NoAnswer no_answer, std::string_view why, std::chrono::nanoseconds ttl);

Refusal FreezeRefusal(const membership::Freeze& freeze);

// `names`: what the key or user may use.
Refusal NoCredentialRefusal(const std::vector<std::string>& names, membership::Link link);

// This host has been given no policy, and nothing is allowed without one.
Refusal NoPolicyRefusal(membership::Link link);

// The record can't be kept, and nothing may leave unrecorded.
Refusal RecordRefusal();

}  // namespace postern::gate
