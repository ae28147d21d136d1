// The system's tz database, as files: /usr/share/zoneinfo. What their bytes mean is shared/policy's to say.
#pragma once

#include <string>

#include "shared/base/result.h"

namespace postern::zoneinfo {

// The bytes of the zone's file, at most 256 KB. kInvalid for what can't be the name of a zone ("../x"),
// kNotFound where the system has none of this name, or no database (package tzdata).
Result<std::string> ReadZoneFile(const std::string& name);

}  // namespace postern::zoneinfo
