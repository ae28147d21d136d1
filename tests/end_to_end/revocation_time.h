// How long an answer that is under way goes on once its key is revoked, with real processes.
#pragma once

#include <vector>

#include "shared/base/result.h"
#include "tests/end_to_end/host.h"
#include "tests/end_to_end/house.h"

namespace postern::end_to_end {

// So many times: a new key of the house's user, a stream of it that the provider holds, the key's revocation.
// Each time in milliseconds, from the collector's answer to that (the API's 200) until the client has the
// last byte that the agent writes; 0 where that came first. The host must be a member of the house; it is
// left with a revoked key. kUnavailable where a stream doesn't begin or is never ended.
Result<std::vector<double>> TimeRevocations(House& house, Host& host, int times);

}  // namespace postern::end_to_end
