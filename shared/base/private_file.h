// Files that hold a secret, or what hangs together with one: keys, certificates, ids. Each is whole or not
// there, also after a power cut.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "shared/base/result.h"

namespace postern {

inline constexpr size_t kMaxPrivateFile = 64 * 1024;

// The whole file. kNotFound where there is none, kInvalid where others than its owner may read or write it,
// or it is larger than kMaxPrivateFile, kUnavailable where it can't be read. Links are not followed. What
// comes back may be a secret: wipe it after use.
Result<std::string> ReadPrivateFile(const std::string& path);

enum class Access { kOwner, kEverybody };  // who may read it: mode 0600, 0644

// Makes the file, synced together with its directory. kInvalid where it is there already: nothing is ever
// overwritten. kUnavailable where it can't be made; then there is none.
Status MakeFile(const std::string& path, std::string_view contents, Access access = Access::kOwner);

// Puts the file in place of what is there, or makes it, in one step, synced together with its directory.
// kUnavailable where it can't be: then what was there is there.
Status ReplaceFile(const std::string& path, std::string_view contents, Access access = Access::kOwner);

}  // namespace postern
