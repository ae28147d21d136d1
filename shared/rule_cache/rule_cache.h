// Compiled rules on disk, so that the next program that wants them begins at once: compiling takes seconds,
// loading a millisecond.
//
//   DIRECTORY/rules-KEY      "postern rules v1" LF, SHA-256 of the rest, the rest: what secrets::Scanner made
//
// KEY is theirs: a hash of rules, library and processor. The library runs what it loads, so a file counts
// only where nobody else could have written it or its directory, and where it is whole. What can't be kept or
// read is compiled each time.
#pragma once

#include <cstddef>
#include <filesystem>

#include "shared/secrets/scanner.h"

namespace postern::rule_cache {

// So many are kept, those that were written last.
inline constexpr size_t kMostKept = 16;

// In this directory, which is made when there is something to keep. Several programs may share it.
secrets::DatabaseCache In(const std::filesystem::path& directory);

}  // namespace postern::rule_cache
