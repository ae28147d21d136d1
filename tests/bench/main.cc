// postern-bench: what the agent costs, next to nginx and HAProxy.
#include "tests/bench/command.h"

int main(int argc, char** argv) { return postern::bench::RunCommand({argv + 1, argv + argc}); }
