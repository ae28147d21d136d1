#include "tests/support/paths.h"

namespace postern::support {

std::string InSource(std::string_view path) { return std::string(POSTERN_SOURCE_DIR "/").append(path); }
std::string InBuild(std::string_view path) { return std::string(POSTERN_BINARY_DIR "/").append(path); }

}  // namespace postern::support
