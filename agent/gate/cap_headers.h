// The headers by which a client of gateway mode shows how much of a budget is left
// (anthropic-ratelimit-unified-…): a warning at 75 and 95 percent, and the block. Others ignore them. Pure.
//
// The provider's own headers of this kind speak of the organisation's account and must not pass where ours
// are sent.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/gate/refusal.h"
#include "agent/purse/purse.h"
#include "shared/base/clock.h"
#include "shared/limits/limit.h"

namespace postern::gate {

// On an answer that is let through, for whoever has a budget.
std::vector<OwnedHeader> WarningHeaders(const purse::Fullness& fullest);

// On a refusal, in gateway mode: without the two headers for which the client drops our text.
std::vector<OwnedHeader> BlockHeaders(const limits::Limit& limit, std::optional<WallTime> resets);

// Whether a header of the provider's is of this kind.
bool IsRateLimitHeader(std::string_view name);

}  // namespace postern::gate
