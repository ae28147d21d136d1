// RocksDB's errors in our six codes. Inside shared/kv only.
#pragma once

#include <string>
#include <string_view>

#include <rocksdb/status.h>

#include "shared/base/result.h"

namespace postern::kv {

inline ErrorCode CodeOf(const rocksdb::Status& status) {
  if (status.IsNoSpace()) return ErrorCode::kExhausted;
  if (status.IsCorruption()) return ErrorCode::kCorrupt;
  return ErrorCode::kUnavailable;
}

// "the agent's state: writing failed: IO error: …"
inline Error MakeError(std::string_view what, std::string_view deed, const rocksdb::Status& status) {
  return {CodeOf(status), std::string(what) + ": " + std::string(deed) + " failed: " + status.ToString()};
}

}  // namespace postern::kv
