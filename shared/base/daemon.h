// What a daemon asks of the kernel before anything else.
#pragma once

#include <csignal>

namespace postern {

// Those that a daemon is stopped with (SIGTERM, SIGINT) or told to read its files again (SIGHUP).
sigset_t DaemonSignals();

// Before any thread is made, so that all inherit it: DaemonSignals wait until somebody fetches them, by a
// descriptor or by sigwait, and writing to a closed connection is an error instead of the end (SIGPIPE).
void BlockDaemonSignals();

// As many open files as the host allows: a connection is one. What can't be had is done without.
void RaiseDescriptorLimit();

}  // namespace postern
