// What a host is bound by as a whole, besides keys: its organisation's policy, and a freeze. Plain data.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "shared/base/clock.h"

namespace postern::policy {
class Compiled;
}  // namespace postern::policy

namespace postern::membership {

struct LimitTerms;

// Never changes. An exchange goes on with the one that it was judged by, which is why it is shared.
struct PolicyInForce {
  std::shared_ptr<const policy::Compiled> rules;  // never null
  uint64_t version = 0;                           // the collector's; 1 for a file of a lone host
  std::string sha256;                             // of its snapshot, 32 bytes
  WallTime taken{};                               // when it came into force here
  std::shared_ptr<const LimitTerms> limits{};     // null: it has none
};

// Everything is frozen: nothing is let through on any host, and what is under way is ended.
struct Freeze {
  std::string sentence;  // for the people at the clients; may be empty
  std::chrono::sys_seconds since{};

  friend bool operator==(const Freeze&, const Freeze&) = default;
};

}  // namespace postern::membership
