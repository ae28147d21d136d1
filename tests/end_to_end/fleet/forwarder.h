// Passes TCP connections on from another of this machine's loopback addresses, so that hosts of a fleet that
// is one process come from different places.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

#include "shared/base/guarded.h"

namespace postern::end_to_end {

// One connection after the other. Thread-safe.
class Forwarder {
 public:
  explicit Forwarder(uint16_t to);
  ~Forwarder();

  uint16_t port() const;
  // Later connections come from here: "127.0.0.7".
  void ComeFrom(std::string source) {
    source_.With([&](std::string& value) { value = std::move(source); });
  }

 private:
  void Run();
  void Pass(int from_client) const;

  const uint16_t to_;
  const int listener_;
  Guarded<std::string> source_{"127.0.0.1"};
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace postern::end_to_end
