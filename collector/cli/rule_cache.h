// Compiled rules on disk, so that the second scan begins at once: ~/.cache/postern/rules-KEY (or below
// $XDG_CACHE_HOME), for their owner alone. Compiled anew whenever rules, library or processor are others;
// what can't be kept is compiled each time.
#pragma once

#include "shared/secrets/scanner.h"

namespace postern::cli {

secrets::DatabaseCache RuleCache();

}  // namespace postern::cli
