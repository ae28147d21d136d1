// The store in this process's memory: the simple engine that others are compared with, and what tests of what
// is built on a store run on. It keeps everything and finds by looking at everything.
#pragma once

#include <memory>

#include "collector/store/store.h"

namespace postern::store {

// Nothing of it outlives it. Backup is kUnavailable.
std::unique_ptr<Store> MakeMemoryStore();

}  // namespace postern::store
