#include "collector/intake/contacts.h"

#include <algorithm>

namespace postern::intake {

void Contacts::Load(const std::vector<wire::AgentContact>& records) {
  entries_.With([&](auto& entries) {
    for (const wire::AgentContact& record : records) {
      Entry& entry = entries[record.id()];
      entry.record = record;
      if (record.epoch() == epoch_) entry.heard = record.heard();
    }
  });
}

bool Contacts::Knows(const std::string& agent) const {
  return entries_.With([&](const auto& entries) { return entries.contains(agent); });
}

Contact Contacts::Find(const std::string& agent) const {
  return entries_.With([&](const auto& entries) {
    Contact contact;
    const auto found = entries.find(agent);
    if (found == entries.end()) return contact;
    const Entry& entry = found->second;
    if (entry.heard != 0) contact.heard = entry.heard;
    if (!entry.record.said()) return contact;
    contact.mode = entry.record.strict() ? Mode::kStrict : Mode::kBestEffort;
    const int64_t goes_on = entry.record.strict() ? kStrictSeconds : int64_t{entry.record.policy_ttl()};
    if (contact.heard) contact.until = *contact.heard + goes_on;
    return contact;
  });
}

void Contacts::Greet(const std::string& agent, const wire::Hello& hello, int64_t now) {
  entries_.With([&](auto& entries) {
    Entry& entry = entries[agent];
    wire::AgentContact& record = entry.record;
    // An agent from before these were said has neither.
    const bool said = hello.strict() || hello.policy_ttl() != 0;
    const bool same = record.id() == agent && record.epoch() == epoch_ && record.said() == said &&
                      record.strict() == hello.strict() && record.policy_ttl() == hello.policy_ttl();
    record.set_id(agent);
    record.set_epoch(epoch_);
    record.set_said(said);
    record.set_strict(hello.strict());
    record.set_policy_ttl(hello.policy_ttl());
    entry.connected = true;
    entry.heard = now;
    if (!same) entry.due = true;
  });
}

void Contacts::Hear(const std::string& agent, int64_t now) {
  entries_.With([&](auto& entries) {
    const auto found = entries.find(agent);
    if (found != entries.end()) found->second.heard = std::max(found->second.heard, now);
  });
}

void Contacts::Leave(const std::string& agent) {
  entries_.With([&](auto& entries) {
    const auto found = entries.find(agent);
    if (found == entries.end() || !found->second.connected) return;
    found->second.connected = false;
    found->second.due = true;
  });
}

void Contacts::Stop(const std::string& agent, int64_t now) {
  entries_.With([&](auto& entries) {
    Entry& entry = entries[agent];
    entry.record.set_id(agent);
    entry.record.set_epoch(epoch_);
    entry.record.set_said(true);
    entry.record.set_strict(false);
    entry.record.set_policy_ttl(0);
    entry.connected = false;
    entry.heard = now;
    entry.due = true;
  });
}

std::vector<wire::AgentContact> Contacts::TakeDue(int64_t now) {
  return entries_.With([&](auto& entries) {
    std::vector<wire::AgentContact> due;
    for (auto& [agent, entry] : entries) {
      if (entry.connected && entry.record.heard() < now + kRenew) entry.due = true;
      if (!entry.due) continue;
      entry.due = false;
      entry.record.set_heard(entry.connected ? now + kAhead : entry.heard);
      due.push_back(entry.record);
    }
    return due;
  });
}

void Contacts::Return(const std::vector<wire::AgentContact>& records) {
  entries_.With([&](auto& entries) {
    for (const wire::AgentContact& record : records) {
      const auto found = entries.find(record.id());
      if (found == entries.end()) continue;
      found->second.due = true;
    }
  });
}

}  // namespace postern::intake
