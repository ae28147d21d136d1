// What of the collector's own events can be asked for. Pure.
#pragma once

#include "collector/store/types.h"
#include "shared/wire/event.h"

namespace postern::chronicle {

// Who calls and what is called about are no *users* in the sense of the index: a developer, who may read what
// belongs to the own user, isn't to read who has looked after it.
store::EventFacts FactsOf(const wire::Event& event);

}  // namespace postern::chronicle
