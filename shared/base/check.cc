#include "shared/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace postern {

void CheckFailed(const char* file, int line, const char* expression) noexcept {
  std::fprintf(stderr, "%s:%d: CHECK failed: %s\n", file, line, expression);
  std::abort();
}

}  // namespace postern
