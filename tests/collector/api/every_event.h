// One event of each kind, with every field filled: what events can show at all.
#pragma once

#include <vector>

#include "shared/wire/event.h"

namespace postern::api {

std::vector<wire::Event> EveryEvent();

}  // namespace postern::api
