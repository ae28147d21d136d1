#include "collector/intake/presence.h"

#include <algorithm>

namespace postern::intake {

std::vector<AgentPresence> Presence::All() const {
  return agents_.With([](const auto& agents) {
    std::vector<AgentPresence> all;
    all.reserve(agents.size());
    for (const auto& [id, presence] : agents) all.push_back(presence);
    return all;
  });
}

std::optional<AgentPresence> Presence::Find(const std::string& agent) const {
  return agents_.With([&](const auto& agents) -> std::optional<AgentPresence> {
    const auto found = agents.find(agent);
    if (found == agents.end()) return std::nullopt;
    return found->second;
  });
}

uint64_t Presence::connected() const {
  return agents_.With([](const auto& agents) -> uint64_t {
    return static_cast<uint64_t>(std::count_if(agents.begin(), agents.end(),
                                               [](const auto& entry) { return entry.second.connected; }));
  });
}

void Presence::Update(const std::string& agent, const std::function<void(AgentPresence&)>& change) {
  agents_.With([&](auto& agents) {
    AgentPresence& presence = agents[agent];
    presence.agent = agent;
    change(presence);
  });
}

}  // namespace postern::intake
