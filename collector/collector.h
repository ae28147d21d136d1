// The collector put together: who owns what, and in which order it starts and stops.
//
//   thread            owns                                  is spoken to by     stops
//   ----------------  ------------------------------------  ------------------  ---------------------------
//   main              signals; nothing else                 the kernel          the last
//   API's pool        calls in flight                       the network         first: Api::Close
//   control (4)       one request each                      collector.sock      then: control::Server::Stop
//   intake's three    bus, sessions, chains in memory       queues; the bus     then: Intake::Close, which
//                                                                               commits what is verified
//   store's own       compaction, flushes                   the store           with the store
//
// The store, the chronicle, the directory, the policies and the treasury have no thread of their own: they
// are called by all of the above and are thread-safe. What the treasury decides is worked out by intake's
// committer.
//
// Start: configuration → core dumps off → lock of the state directory → keys → store → chronicle (its start
// is synced) → directory → policies → intake → API → control socket. Nothing is opened before the
// configuration is known to be good. Shutdown is the reverse.
#pragma once

#include "collector/config.h"

namespace postern::collector {

// Runs until SIGTERM or SIGINT; a second one ends it at once. SIGHUP reads the configuration and the
// certificate again: of the configuration only what the log shows can change so. The exit code: 0 after a
// proper stop, 2 where the configuration or the state's keys are wrong, 1 for anything else that keeps it
// from running; the sentence goes to the log.
int RunCollector(const Path& config_file);

}  // namespace postern::collector
