// The lines of /metrics and the members of /status that speak of the collector. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/operations/operations.h"

namespace postern::operations {

// "connected", "connecting", "away", "refused"; "none" on a lone host.
std::string_view ConnectionName(const std::optional<CollectorView>& view);

// "yes", "silent", "too_long", "never", "quarantined", "revoked": whether keys are judged by what is known.
std::string_view TrustName(membership::Trust trust);

// Nothing of a lone host but that it is one.
void AppendCollectorMetrics(std::string& out, const std::optional<CollectorView>& view,
                            const spool::Stats& spool);

// ",\"collector\":…", members of an object that has begun.
std::string CollectorMembers(const std::optional<CollectorView>& view, const spool::Stats& spool);

}  // namespace postern::operations
