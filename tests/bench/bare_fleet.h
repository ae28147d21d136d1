// What a revocation is compared with: one ROUTER under CURVE that sends the same bytes to as many DEALERs,
// each with a thread of its own that waits for them, as agents have; and nothing else.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "shared/base/result.h"

namespace postern::bench {

// Owned by one thread.
class BareFleet {
 public:
  // All are connected when this returns. kUnavailable.
  static Result<std::unique_ptr<BareFleet>> Make(size_t peers);
  ~BareFleet();

  // Sends so many bytes to each: the milliseconds until each had them. kUnavailable: some never had.
  Result<std::vector<double>> Send(size_t bytes);

 private:
  struct State;
  explicit BareFleet(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace postern::bench
