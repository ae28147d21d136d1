// How actions are written. Private to this directory.
#pragma once

#include "shared/wire/policy.pb.h"

namespace postern::policy {

// "off", "warn", "redact", "block".
inline const char* WordFor(wire::SecretAction action) {
  switch (action) {
    case wire::SECRET_ACTION_OFF: return "off";
    case wire::SECRET_ACTION_WARN: return "warn";
    case wire::SECRET_ACTION_BLOCK: return "block";
    default: return "redact";
  }
}

}  // namespace postern::policy
