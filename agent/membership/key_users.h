// The OS users that a key is bound to, as this machine knows them.
#pragma once

#include <vector>

#include <sys/types.h>

#include "shared/wire/directory.pb.h"

namespace postern::membership {

// Whether the machine's user database must be asked before the key can be judged by: it may be a network
// away.
bool NeedsLookUp(const wire::KeyRecord& key);

// None of a key that can't be used: nobody need know. Blocks where NeedsLookUp says so.
std::vector<uid_t> UidsOf(const wire::KeyRecord& key);

}  // namespace postern::membership
