// postern-model [--seed N | --seeds FIRST-LAST] [--exchanges N] [--jobs N] [--finds-a-bug]
//
// Runs the simulator and prints what came of it. Exits 1 when a promise was broken; with --finds-a-bug, when
// none was: that is how a program with a bug planted in it is run.
#pragma once

namespace postern::model {

// Returns what the program exits with.
int Main(int argc, char** argv);

}  // namespace postern::model
