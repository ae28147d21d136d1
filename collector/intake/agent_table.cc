#include "collector/intake/agent_table.h"

#include <utility>

namespace postern::intake {

void AgentTable::Put(wire::AgentRecord record) {
  auto agent = std::make_shared<Agent>();
  auto key = crypto::PublicKey::FromBytes(record.seal_key());
  if (key) agent->seal_key = *std::move(key);
  agent->record = std::move(record);
  agents_.With([&](auto& agents) { agents.insert_or_assign(agent->record.id(), std::move(agent)); });
}

std::shared_ptr<const Agent> AgentTable::Find(const std::string& id) const {
  return agents_.With([&](const auto& agents) -> std::shared_ptr<const Agent> {
    const auto found = agents.find(id);
    return found == agents.end() ? nullptr : found->second;
  });
}

}  // namespace postern::intake
