// Whether what a snapshot says of secrets can be gone by; what it says for everybody, into tables. Private to
// this directory.
#pragma once

#include <string>

#include "shared/base/result.h"
#include "shared/policy/tables.h"
#include "shared/wire/policy.pb.h"

namespace postern::policy {

// Of one level, called `name`. kInvalid beyond limits.h, and for an action or a tool that isn't known here.
Status CheckSecretRules(const wire::Rules& rules, const std::string& name);

// kInvalid likewise, and where rules for secrets can't be compiled: a host that can't look for what it is
// told to doesn't take the policy.
Status SetSecrets(const wire::Secrets& secrets, Tables& tables);

}  // namespace postern::policy
