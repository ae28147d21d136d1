// What an uplink was told, remembered in memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/uplink/ports.h"
#include "shared/base/guarded.h"

namespace postern::uplink {

struct Notes {
  std::optional<wire::SignedMemory> memory;
  uint64_t epoch = 0;
  uint64_t revision = 0;
  std::vector<wire::KeyRecord> tombstones;
  std::vector<wire::Welcome> welcomes;
  std::vector<BootTime> beats;  // when those that were answered had been sent
  std::vector<wire::Directory> directories;
  std::vector<wire::SealedCredential> credentials;
  std::vector<std::string> quarantines;
  Enforced enforced;
  std::vector<wire::PolicyPart> parts;
  std::string policy_refused;           // the answer to the last part of a policy
  std::vector<std::string> dismissals;  // why, of each time that the collector turned this agent away
  int disconnected = 0;
};

// Thread-safe.
class Notebook {
 public:
  Memories memories();

  template <class F>
  decltype(auto) With(F&& use) const {
    return notes_.With(std::forward<F>(use));
  }
  template <class F>
  decltype(auto) With(F&& use) {
    return notes_.With(std::forward<F>(use));
  }

 private:
  Guarded<Notes> notes_;
};

}  // namespace postern::uplink
