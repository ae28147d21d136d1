// The key that seals this host's record, in a file of its own: agent.key (PKCS #8 PEM, mode 0600) beside the
// store, and its public half in agent.pub for whoever wants to check the record.
#pragma once

#include <string>

#include "shared/base/result.h"
#include "shared/crypto/ed25519.h"

namespace postern::spool {

// Reads the key, or makes one that is on the disk before this returns. kInvalid when the file is not an
// Ed25519 key or others may read it; kUnavailable when it can't be read or written. Never overwrites a file
// that is there.
Result<crypto::SigningKey> LoadOrMakeKey(const std::string& directory);

}  // namespace postern::spool
