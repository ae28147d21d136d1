// A copy of the collector's state from which it can be restored: the store as of one moment, and the keys but
// for the master key, which must be kept apart. collector/README.md says how to restore it.
#pragma once

#include <string>

#include "collector/config.h"
#include "collector/store/store.h"
#include "shared/base/result.h"

namespace postern::collector {

// `directory` is made; it must be absolute, and not there or empty. Other threads may go on with the store.
// The JSON of what was done. kInvalid for a directory that can't be used so; after any error what was made of
// it is incomplete and has no collector.id, so that nobody takes it for a backup.
Result<std::string> Backup(const CollectorConfig& config, store::Store& store, const std::string& directory);

}  // namespace postern::collector
