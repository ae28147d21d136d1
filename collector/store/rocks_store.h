// The embedded engine: everything in one RocksDB on this machine. README.md says what lies where, and what
// survives what.
#pragma once

#include <memory>
#include <string>

#include "collector/store/store.h"
#include "shared/base/result.h"
#include "shared/kv/options.h"

namespace postern::store {

struct RocksStoreOptions {
  std::string directory;                 // made where there is none, mode 0700
  std::shared_ptr<kv::Faults> faults{};  // for tests
};

// Brings an older format to the present one first. kUnavailable when another process has it open or the disk
// fails; kExhausted when the disk is full; kInvalid when the format is newer; kCorrupt when what is there is
// damaged. Each message is a sentence that says what to do.
Result<std::unique_ptr<Store>> OpenRocksStore(RocksStoreOptions options);

// Brings all that is stored into its final, smallest form, as happens by and by on its own. For measuring.
Status Compact(const std::string& directory);

}  // namespace postern::store
