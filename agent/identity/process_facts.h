// Which process holds a socket: best effort, for the record only, never to decide by.
#pragma once

#include <optional>
#include <string>

#include <sys/types.h>

#include "agent/identity/os_user.h"

namespace postern::identity {

struct ProcessFacts {
  pid_t pid = 0;
  std::string executable;         // empty where it may not be seen
  std::string working_directory;  // empty where it may not be seen

  friend bool operator==(const ProcessFacts&, const ProcessFacts&) = default;
};

// Looks through the descriptors of all processes of that user, as far as this process may: milliseconds, so
// call it on a worker and keep what it finds for as long as the connection lasts. Of several holders the one
// with the lowest pid, which usually is the one that opened it. Nothing where none is found.
std::optional<ProcessFacts> FindProcess(const OsUser& user);

}  // namespace postern::identity
