// Alarms on their way into the collector's own chain, so few that nobody can fill it: of each agent and
// reason some at once, then one every ten minutes, which says how many were withheld.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "collector/intake/allowance.h"
#include "collector/intake/hand_over.h"
#include "collector/intake/presence.h"
#include "shared/base/guarded.h"
#include "shared/wire/event.pb.h"

namespace postern::intake {

wire::Event ToEvent(const Alarm& alarm);

// Thread-safe.
class Alarms {
 public:
  Alarms(HandOver& hand_over, Presence& presence) : hand_over_(hand_over), presence_(presence) {}

  // Logs it and passes it on to the committer; or counts it.
  void Raise(Alarm alarm, BootTime now);

 private:
  struct Kind {
    Allowance allowance{4, std::chrono::minutes(10)};
    uint64_t withheld = 0;
  };

  HandOver& hand_over_;
  Presence& presence_;
  // Grows with agents and reasons, both of which are few and not the sender's to choose.
  Guarded<std::map<std::pair<std::string, std::string>, Kind>> kinds_;
};

}  // namespace postern::intake
