// Reads what a policy's file says of secrets. Private to this directory.
#pragma once

#include <string>

#include "shared/base/result.h"
#include "shared/config/node.h"
#include "shared/policy/rules_reader.h"
#include "shared/wire/policy.pb.h"

namespace postern::policy {

// Of one level: `secrets`, `restore`. kInvalid, with file, line and what is allowed.
Status ReadSecretRules(RulesReader& reader, const config::Map& map, const std::string& prefix,
                       wire::Rules& rules);

// The section `secrets` of the file: what holds for everybody.
Status ReadSecretTerms(RulesReader& reader, const config::Node& node, wire::Secrets& secrets);

}  // namespace postern::policy
