// ZeroMQ's own threads and the sockets that share them. A program needs one for all its clients.
#pragma once

#include <memory>

#include "shared/base/result.h"

namespace postern::bus {

// Must be the last to go: its end waits until all its sockets are closed. Thread-safe.
class Context {
 public:
  // For so many clients. kUnavailable where the system can't give that many sockets.
  static Result<std::unique_ptr<Context>> Make(int clients = 1);
  ~Context();

 private:
  friend class Client;
  explicit Context(void* context) : context_(context) {}
  void* const context_;
};

}  // namespace postern::bus
