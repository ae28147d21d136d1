// What a refusal says where a secret is the reason, or may be. It says where the secret stands, never what it
// is: the client resends its history with every request, so the person must take the secret out of it. Pure.
#pragma once

#include <cstdint>

#include "agent/gate/refusal.h"
#include "agent/screening/screen.h"

namespace postern::gate {

Refusal SecretBlockedRefusal(const screening::Found& found, uint64_t policy_version);
Refusal SecretsUnreadableRefusal();
Refusal SecretsTooMuchRefusal();
Refusal NoSecretRulesRefusal();
Refusal NoSecretMemoryRefusal();

}  // namespace postern::gate
