// Which files `postern scan` reads.
#pragma once

#include <string>
#include <vector>

#include "shared/base/result.h"

namespace postern::cli {

enum class Ignoring { kAsGitDoes, kNothing };

// The files below these paths, sorted, each once; a path that is a file is taken whatever is ignored, "-" is
// taken as it is. Of trees: no symbolic links, no .git, and what .gitignore files name only where nothing is
// to be ignored. A directory that can't be read stands for what is in it. kInvalid where a path isn't there.
Result<std::vector<std::string>> FilesToScan(const std::vector<std::string>& paths, Ignoring ignoring);

}  // namespace postern::cli
