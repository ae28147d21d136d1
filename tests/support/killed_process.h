// Programs that are killed while they work, for tests of what is left behind.
//
//   const auto said = LiveAndDie({.argv = {InBuild("bin/store_writer"), directory}, .life = 20ms});
//
// A crash test runs such a program over the same directory again and again, and then looks whether everything
// that it had promised on its standard output is kept.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "shared/base/result.h"

namespace postern::support {

// How often each test kills: $POSTERN_CRASHES, which `make crash` sets, or 20.
int Crashes();

// How a life ends. A power cut takes what was not synced.
enum class Death {
  kKill,      // what the kernel has stays
  kPowerCut,  // the program's own file system has held back what was not synced: it was told to by an
              // argument
  kPreload,   // the same, by a library that would do it to any program (power_cut.so)
};

// From when a life is counted.
enum class Birth {
  kStart,      // it may be killed before it has begun anything
  kFirstLine,  // of its output: it is ready by then
};

struct Life {
  std::vector<std::string> argv;
  std::string directory = {};  // that the power is cut for, with kPreload
  Death death = Death::kKill;
  Birth birth = Birth::kStart;
  std::chrono::microseconds life{};
};

// Runs it until its end; gives the whole lines that it wrote. kUnavailable where it can't be run, says
// nothing though kFirstLine waits for it, or ends in another way than by our SIGKILL.
Result<std::string> LiveAndDie(const Life& life);

}  // namespace postern::support
