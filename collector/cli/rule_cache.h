// Where `postern scan` keeps compiled rules: ~/.cache/postern, or below $XDG_CACHE_HOME (shared/rule_cache).
#pragma once

#include "shared/secrets/scanner.h"

namespace postern::cli {

// An empty one where there is no place of one's own.
secrets::DatabaseCache RuleCache();

}  // namespace postern::cli
