// What has reached the provider, as the simulator's own journal tells it.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "tests/support/http_client.h"

namespace postern::end_to_end {

// Reads on where it stopped, so that the simulator may forget what was read. Thread-compatible.
class Arrivals {
 public:
  explicit Arrivals(support::Target control) : control_(std::move(control)) {}

  // Fetches what arrived since the last call. False when the simulator can't be asked.
  bool Read();

  // How often each User-Agent has arrived.
  const std::map<std::string, int>& by_user_agent() const { return by_user_agent_; }
  uint64_t total() const { return total_; }  // requests, as the simulator counts them

 private:
  const support::Target control_;
  std::map<std::string, int> by_user_agent_;
  uint64_t total_ = 0;
};

}  // namespace postern::end_to_end
