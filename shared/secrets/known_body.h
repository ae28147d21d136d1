// What is known of a body that was scanned: enough to tell which parts of the next one were in it, and
// nothing that could be read. It holds keyed hashes, offsets, and, in locked memory, the secrets that were
// found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "shared/secrets/literals.h"

namespace postern::secrets {

class KeyedHash;  // private: keyed_hash.h

// Never changes. Thread-safe.
class KnownBody;

// What a scan is told of earlier ones; it may be handed to another thread. Empty: nothing.
struct Known {
  std::shared_ptr<const KeyedHash> hash{};
  std::vector<std::shared_ptr<const KnownBody>>
      bodies{};  // of this conversation first, then others of the session
  std::shared_ptr<const Literals> literals{};
};

size_t MemoryOf(const KnownBody& body);  // bytes that it takes, about

}  // namespace postern::secrets
