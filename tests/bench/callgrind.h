// Counting instructions with valgrind's callgrind: exact where times are noise, but user space only and one
// thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "shared/base/result.h"
#include "tests/bench/contestant.h"

namespace postern::bench {

// A thread as two runs of one program can be compared: which process (0 the first started), which thread of
// it (1 the main one).
using ThreadOrdinal = std::pair<int, int>;

// What stands in front of a command so that each thread's count goes to a file of its own in `directory` at
// the end.
Wrapper CallgrindWrapper(const std::filesystem::path& directory);

// The files that such a run left.
std::map<ThreadOrdinal, std::filesystem::path> CallgrindFiles(const std::filesystem::path& directory);

// The instructions that a file counts; kCorrupt if it has no total.
Result<uint64_t> CountIn(const std::filesystem::path& file);

enum class Attribution { kSelf, kInclusive };

// What each function of a file cost, in instructions, by callgrind_annotate.
Result<std::map<std::string, uint64_t>> CostsIn(const std::filesystem::path& file, Attribution attribution);

}  // namespace postern::bench
