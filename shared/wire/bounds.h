// Whether each field of a message lies within the limits that conversation.h names. What the fields say is
// still the other side's claim. Pure.
#pragma once

#include "shared/base/result.h"
#include "shared/wire/conversation.pb.h"

namespace postern::wire {

// kInvalid says in a sentence which bound is broken, and never shows the bytes.
Status CheckBounds(const FromAgent& message);
Status CheckBounds(const FromCollector& message);

}  // namespace postern::wire
