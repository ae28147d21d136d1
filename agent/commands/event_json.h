// One event as one line of JSON. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "shared/wire/event.h"

namespace postern::commands {

// {"position":17,"sequence":17,"incarnation":"…","time":"2026-…Z","kind":"intent", …}, without a newline: the
// position, and what shared/event_view writes.
std::string ToJsonLine(uint64_t position, const wire::Event& event);

}  // namespace postern::commands
