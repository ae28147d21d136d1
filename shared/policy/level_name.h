// What a level is called where people read of it. Private to this directory.
#pragma once

#include <string>

#include "shared/policy/tables.h"

namespace postern::policy {

// "organisation", "team ml", "group contractors", "user alice@example.com", "key k7x2…".
std::string NameOf(const Level& level);

}  // namespace postern::policy
