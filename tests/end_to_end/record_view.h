// What a test looks for in a record: the events of a kind, and what an exchange was billed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/end_to_end/host.h"

namespace postern::end_to_end {

// The events of that kind, as `postern-agent events --json` writes them.
std::vector<std::string> EventsOf(const std::vector<std::string>& events, std::string_view kind);

// A member that is a number; 0 if there is none.
int64_t Number(std::string_view json, std::string_view name);

// What config/models.yaml asks for claude-opus-5-5, in nano-dollars, for counts as the `told` of the
// provider's journal, its totals or an event's `usage` name them.
int64_t OpusCost(std::string_view counts);

// Refusals and exchanges together: what came to the agent's paths of the Messages API.
double RequestsAt(const Host& host);

}  // namespace postern::end_to_end
