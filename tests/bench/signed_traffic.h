// What many agents send: signed events in frames, as the uplink packs them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/limits/window.h"
#include "shared/wire/directory.pb.h"

namespace postern::bench {

struct Frame {
  std::string agent;
  std::string bytes;  // a FromAgent with Events, as it comes from the bus
};

struct SignedTraffic {
  std::vector<wire::AgentRecord> agents;
  std::vector<Frame> frames;  // one of each agent in turn, each agent's in their order
  uint64_t events = 0;
  uint64_t event_bytes = 0;
};

// The accounts that an agent's exchanges meet: its organisation's, its team's, its user's, its key's, its
// key's with a model.
std::vector<std::string> AccountsOf(int agent);

// What outcomes were charged: nothing, or something in this window of each account.
struct Charging {
  std::optional<limits::Window> window = {};
};

// Each agent's chain begins with a start; then come intents and their outcomes, with the names and numbers
// that Claude Code's traffic has. A seal stands after every `events_a_seal` of them.
SignedTraffic MakeTraffic(int agents, int frames_an_agent, int events_a_seal, const Charging& charging = {});

}  // namespace postern::bench
