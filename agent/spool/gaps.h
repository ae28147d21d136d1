// Counting what could not be recorded.
#pragma once

#include <algorithm>

#include "shared/wire/event.h"

namespace postern::spool {

inline bool IsEmpty(const wire::Gap& gap) {
  return gap.intents() + gap.outcomes() + gap.refusals() + gap.others() == 0;
}

inline void Merge(const wire::Gap& from, wire::Gap& into) {
  if (IsEmpty(from)) return;
  if (IsEmpty(into)) {
    into = from;
    return;
  }
  into.set_intents(into.intents() + from.intents());
  into.set_outcomes(into.outcomes() + from.outcomes());
  into.set_refusals(into.refusals() + from.refusals());
  into.set_others(into.others() + from.others());
  into.set_first_wall_time(std::min(into.first_wall_time(), from.first_wall_time()));
  into.set_last_wall_time(std::max(into.last_wall_time(), from.last_wall_time()));
}

// What may be turned away, or counted by a gap where it wasn't: it begins something. The rest ends or
// explains what was recorded already.
inline bool MayBeTurnedAway(const wire::Event& event) {
  return event.has_intent() || event.has_refusal() || event.has_key_first_used();
}

}  // namespace postern::spool
