// Who is there: what intake knows of each agent that has said Hello since the collector started, and what it
// has counted. For `postern agent list`, for metrics, and for whoever wants to know which host has events
// that have not come, or has fallen silent.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/clock.h"
#include "shared/base/guarded.h"
#include "shared/wire/conversation.h"

namespace postern::intake {

struct AgentPresence {
  std::string agent;
  std::string address;        // of its last connection: "192.0.2.7:51312"
  std::string host, version;  // as it says
  bool connected = false;
  WallTime since{};                   // when that connection began, or ended
  std::optional<WallTime> heartbeat;  // when the last one came that its key had signed
  std::optional<BootTime> heartbeat_boot;
  wire::Place stored;     // how far the chain of its present incarnation is stored
  wire::Place claimed;    // how far that chain goes, as its last heartbeat said and signed
  uint64_t unsent = 0;    // events of all its chains that are not acknowledged, as it says
  uint64_t revision = 0;  // of the directory: what it has said to know
  uint64_t policy = 0;    // the version that is in force there, as it says; 0: none
  std::string refused;    // why it doesn't take the newest one; a sentence

  // Sealed events that are known to exist and have not come.
  uint64_t tail() const {
    const bool same = claimed.incarnation == stored.incarnation;
    if (!same) return claimed.sequence;
    return claimed.sequence > stored.sequence ? claimed.sequence - stored.sequence : 0;
  }
};

inline void Count(std::atomic<uint64_t>& counter, uint64_t more = 1) {
  counter.fetch_add(more, std::memory_order_relaxed);
}

// Grow only, but for the two queue sizes.
struct Counters {
  std::atomic<uint64_t> frames{0}, malformed{0}, hellos{0}, issued{0};
  std::atomic<uint64_t> groups{0}, events{0}, event_bytes{0}, duplicates{0};
  std::atomic<uint64_t> missing{0}, unverified{0}, forks{0}, closed{0}, set_aside{0}, holes{0};
  std::atomic<uint64_t> busy{0}, ignored{0};  // frames that were turned away for their number or their time
  std::atomic<uint64_t> commits{0}, failed_commits{0}, commit_nanoseconds{0};
  std::atomic<uint64_t> heartbeats{0}, bad_heartbeats{0}, queries{0}, pushes{0}, repeats{0}, credentials{0};
  std::atomic<uint64_t> policies{0}, refused_policies{0},
      unheard_of{0};  // Seen: in force, not taken, never sent
  std::atomic<uint64_t> alarms{0}, withheld_alarms{0};
  std::atomic<uint64_t> queued_frames{0}, queued_bytes{0};
};

// Thread-safe.
class Presence {
 public:
  std::vector<AgentPresence> All() const;  // in the order of their ids
  std::optional<AgentPresence> Find(const std::string& agent) const;
  uint64_t connected() const;

  // Changes what is known of the agent; a new one is all empty.
  void Update(const std::string& agent, const std::function<void(AgentPresence&)>& change);

  Counters counters;

 private:
  Guarded<std::map<std::string, AgentPresence>> agents_;
};

}  // namespace postern::intake
