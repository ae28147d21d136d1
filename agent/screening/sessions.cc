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

void Sessions::Weigh(Entry& entry) {
  bytes_ -= entry.bytes;
  entry.bytes = entry.session.memory.bytes();
  bytes_ += entry.bytes;
}

Sessions::Place Sessions::Erase(Place entry) {
  bytes_ -= entry->bytes;
  by_name_.erase(entry->name);
  return entries_.erase(entry);
}

void Sessions::Trim() {
  if (entries_.empty()) return;
  Weigh(entries_.front());
  while (entries_.size() > 1 && (entries_.size() > kMost || bytes_ > kMostBytes))
    Erase(std::prev(entries_.end()));
}

void Sessions::ForgetBodies() {
  for (Entry& entry : entries_) {
    entry.session.memory.ForgetBodies();
    Weigh(entry);
  }
}

void Sessions::ForgetOthers(std::string_view name) {
  for (auto entry = entries_.begin(); entry != entries_.end();)
    entry = entry->name == name ? std::next(entry) : Erase(entry);
}

}  // namespace postern::screening
