// One event as one line of JSON. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "shared/wire/event.h"

namespace postern::commands {

// {"position":17,"sequence":17,"incarnation":"…","time":"2026-…Z","kind":"intent", …}, without a newline.
// Names are those of event.proto; hashes and keys are hexadecimal, exchanges are request ids ("req_…"); what
// is empty or zero is left out.
std::string ToJsonLine(uint64_t position, const wire::Event& event);

}  // namespace postern::commands
