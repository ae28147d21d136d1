#include "agent/screening/sessions.h"

#include <array>

#include "shared/crypto/random.h"

namespace postern::screening {
namespace {

secrets::MemoryKey RandomKey() {
  std::array<uint8_t, 32> bytes{};
  crypto::RandomBytes(bytes);
  return secrets::MemoryKey({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace

Sessions::Sessions() : key_(RandomKey()) {}

Session& Sessions::Of(const std::string& name) {
  if (Session* known = Find(name)) return *known;
  entries_.push_front({name, {.memory = secrets::SessionMemory(key_)}});
  by_name_.emplace(name, entries_.begin());
  return entries_.front().session;
}

Session* Sessions::Find(std::string_view name) {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return &found->second->session;
}

void Sessions::Trim() {
  size_t bytes = 0;
  size_t count = 0;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    bytes += entry->session.memory.bytes();
    const bool stays = ++count == 1 || (count <= kMost && bytes <= kMostBytes);
    if (!stays) by_name_.erase(entry->name);
    entry = stays ? std::next(entry) : entries_.erase(entry);
  }
}

void Sessions::ForgetBodies() {
  for (Entry& entry : entries_) {
    entry.session.memory.ForgetBodies();
  }
}

void Sessions::ForgetOthers(std::string_view name) {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    if (entry->name == name) {
      ++entry;
      continue;
    }
    by_name_.erase(entry->name);
    entry = entries_.erase(entry);
  }
}

size_t Sessions::bytes() const {
  size_t bytes = 0;
  for (const Entry& entry : entries_) bytes += entry.session.memory.bytes();
  return bytes;
}

}  // namespace postern::screening
