// Counters of the collector in Prometheus' text format. README.md lists the names.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "shared/base/guarded.h"
#include "shared/rest/server.h"

namespace postern::api {

struct Context;

// Thread-safe.
class Metrics {
 public:
  // Of the API's own server, once there is one, and of the gatekeeper.
  void SetSources(std::function<rest::ServerStats()> server, std::function<uint64_t()> lock_outs);

  // One call. The operation is one of the table's, or "unknown": so there are few of them.
  void Count(std::string_view operation, int status);

  std::string Text(const Context& context) const;

 private:
  using Calls = std::map<std::pair<std::string, int>, uint64_t>;
  struct Sources {
    std::function<rest::ServerStats()> server;
    std::function<uint64_t()> lock_outs;
  };
  Guarded<Calls> calls_;
  Guarded<Sources> sources_;
};

}  // namespace postern::api
