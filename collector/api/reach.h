// Whom a change has reached: `?wait=SECONDS` of the calls that revoke, disable, remove, freeze or change the
// policy, and GET /v1/reach for those who want to know later.
#pragma once

#include <chrono>
#include <optional>

#include "collector/api/handlers.h"
#include "collector/intake/acknowledgements.h"
#include "shared/json/writer.h"

namespace postern::api {

// How long the caller wants to wait; nothing: the caller doesn't ask whom it has reached. To be read before
// anything is changed. kInvalid unless it is a whole number of seconds, at most 60.
Result<std::optional<std::chrono::seconds>> ReadWait(const Call& call);

// The answer of a call that made a change, with `reach` besides what it says where that is asked for; null
// where it can't be said. A refusal stays what it is. `revision`: of the change; 0: the directory's own.
Answer WithReach(const Context& context, const std::optional<std::chrono::seconds>& wait,
                 const intake::Concern& concern, Answer answer, uint64_t revision = 0);

void Write(const intake::Reach& reach, json::Writer& out);

}  // namespace postern::api
