// Files that hold keys: written whole or not at all, on the disk before the call returns, for their owner
// alone.
#pragma once

#include <string>
#include <string_view>

#include "shared/base/result.h"

namespace postern::crypto {

enum class Mode { kOwnerOnly, kReadable };  // 0600, 0644

// Replaces the file in one step. kUnavailable where it can't be written: what was there before is there
// still.
Status WriteKeyFile(const std::string& path, std::string_view text, Mode mode);

// The file's text, at most 64 KiB: a secret, so Cleanse it after use. kNotFound where there is none; kInvalid
// where others than its owner may read or write it, or it is no plain file or too large; kUnavailable where
// it can't be read.
Result<std::string> ReadKeyFile(const std::string& path);

}  // namespace postern::crypto
