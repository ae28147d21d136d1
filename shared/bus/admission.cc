#include "shared/bus/admission.h"

#include <utility>

namespace postern::bus {

void Admission::Admit(const CurveKey& key, std::string agent) {
  table_.With([&](Table& table) {
    table.agents.insert_or_assign(key, std::move(agent));
    table.dismissed.erase(key);
    ++table.version;
  });
}

void Admission::Revoke(const CurveKey& key) {
  table_.With([&](Table& table) {
    table.agents.insert_or_assign(key, std::nullopt);
    table.dismissed.erase(key);
    ++table.version;
  });
}

void Admission::Dismiss(const CurveKey& key) {
  table_.With([&](Table& table) {
    if (!table.agents.contains(key)) return;
    table.dismissed.insert(key);
    ++table.version;
  });
}

Standing Admission::StandingOf(const CurveKey& key) const {
  return table_.With([&](const Table& table) {
    const auto found = table.agents.find(key);
    if (found == table.agents.end()) return Standing::kUnknown;
    const bool enters = found->second && !table.dismissed.contains(key);
    return enters ? Standing::kAdmitted : Standing::kRevoked;
  });
}

std::optional<std::string> Admission::AgentOf(const CurveKey& key) const {
  return table_.With([&](const Table& table) {
    const auto found = table.agents.find(key);
    return found == table.agents.end() ? std::nullopt : found->second;
  });
}

uint64_t Admission::version() const {
  return table_.With([](const Table& table) { return table.version; });
}

}  // namespace postern::bus
