// A collector's directory and intake, and many agents that are connected to it, in this process: each agent
// has the real uplink in a thread of its own and the real key cache; the record below it is in memory and
// there is no gate above it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "shared/base/result.h"

namespace postern::bench {

// What one revocation came to.
struct Spread {
  std::vector<double> milliseconds;  // of each agent
  size_t frame_bytes = 0;            // of what each was sent
};

// Owned by one thread.
class RevocationFleet {
 public:
  // Over a store in that directory. All are welcomed when this returns, and hold so many keys.
  static Result<std::unique_ptr<RevocationFleet>> Make(const std::string& directory, size_t agents,
                                                       size_t keys);
  ~RevocationFleet();

  // Revokes one of the keys that are left: the time from the moment the change is committed, which is when
  // the API answers, until each agent's cache answers "revoked". Returns when all have acknowledged it.
  // kExhausted: there is none left; kUnavailable: some haven't heard of it in a minute.
  Result<Spread> Revoke();

 private:
  struct State;
  explicit RevocationFleet(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace postern::bench
