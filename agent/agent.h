// The agent put together: who owns what, and in which order it starts and stops.
//
//   thread      owns                                 is spoken to by                stops
//   ----------  -----------------------------------  -----------------------------  -----------------------
//   loop        gate, purse, inquiries, operations,  Loop::Post                     SIGTERM: drains, then
//               servers, upstream, settings                                         Loop::Stop
//   worker      nothing: does what may block         Worker::Do                     with the loop
//   uplink      the conversation, the bus's client   Uplink::Ask, Tell; the record  after the loop has ended
//                                                    and the membership call back
//   membership  what the collector said (RocksDB)    Membership::Take, FindKey      after the uplink
//   ZeroMQ's    its sockets' input and output        the bus's client               with the bus's context
//   screening   nothing: looks through large         Screening::Screen              with the screening
//               requests
//   rules       nothing: compiles the rules for      RuleKeeper::Want               with the screening, or,
//               secrets                                                             if it compiles, with the
//                                                                                   process
//   spool       the record (RocksDB)                 Spool::Append, Read, …         Spool::Close, the last
//   main        signals (signalfd in the loop)       the kernel                     is the loop's thread
//
// Uplink, membership, purse and ZeroMQ's are there only on a host that is a member of an organisation.
//
// Start: configuration → core dumps off → enrolment → credential, keys, prices → record opened (its start is
// synced) → rules for secrets, which only requests wait for → collector, which nothing waits for → sockets.
// Nothing is opened before the configuration is known to be good. Shutdown is the reverse.
#pragma once

#include <filesystem>
#include <memory>

#include "agent/config.h"
#include "shared/base/result.h"

namespace postern::kv {
class Faults;
}  // namespace postern::kv

namespace postern::agent {

// What a test may put in the place of the machine's own. The product gives none.
struct Seams {
  std::shared_ptr<kv::Faults> disk{};  // under the record
};

// Runs until SIGTERM or SIGINT. SIGHUP reads the configuration again. The exit code: 0 after a proper stop, 2
// where the configuration is wrong, 1 for anything else that keeps it from running; the sentence goes to the
// log.
int RunAgent(const std::filesystem::path& config_file, Seams seams = {});

}  // namespace postern::agent
