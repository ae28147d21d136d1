// By which rules a host goes on by what it remembers of its collector: agent.yaml's `revocation`, `offline`
// and `credentials`. Plain data.
#pragma once

#include <chrono>

namespace postern::membership {

enum class Revocation {
  kBestEffort,  // goes on by what is cached for policy_ttl
  kStrict,      // refuses when the last answered heartbeat was sent more than 30 s ago
};

enum class CredentialCache {
  kMemory,   // gone with the process, and sent again at each Welcome
  kMachine,  // the sealed boxes are on disk too, so that a start without the collector has them
};

struct Rules {
  std::chrono::nanoseconds policy_ttl = std::chrono::hours(12);
  Revocation revocation = Revocation::kBestEffort;
  CredentialCache credentials = CredentialCache::kMemory;

  friend bool operator==(const Rules&, const Rules&) = default;
};

}  // namespace postern::membership
