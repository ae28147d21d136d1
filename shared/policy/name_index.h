// Names to their place in a list, by hash.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace postern::policy {

inline constexpr uint32_t kNowhere = UINT32_MAX;

// Quick for short texts. What it says is only where to look: texts are always compared.
inline uint64_t HashOf(std::string_view text) {
  constexpr uint64_t kMultiplier = 0x9e3779b97f4a7c15;
  uint64_t hash = text.size() * kMultiplier;
  const auto mix = [&hash](uint64_t word) {
    hash = (hash ^ word) * kMultiplier;
    hash ^= hash >> 32;
  };
  const char* at = text.data();
  size_t left = text.size();
  for (; left >= 8; at += 8, left -= 8) {
    uint64_t word = 0;
    std::memcpy(&word, at, 8);
    mix(word);
  }
  uint64_t rest = 0;
  for (size_t i = 0; i < left; ++i)
    rest |= static_cast<uint64_t>(static_cast<unsigned char>(at[i])) << (8 * i);
  mix(rest);
  return hash;
}

// Open addressing, at most half full. Thread-compatible.
class NameIndex {
 public:
  // Of names that stand in it twice the first counts.
  void Build(std::vector<std::string> names);

  // Its place in the list, or kNowhere.
  uint32_t Find(std::string_view name, uint64_t hash) const {
    if (slots_.empty()) return kNowhere;
    for (size_t i = hash & mask_;; i = (i + 1) & mask_) {
      const Slot& slot = slots_[i];
      if (slot.place == kNowhere) return kNowhere;
      if (slot.hash == hash && names_[slot.place] == name) return slot.place;
    }
  }
  uint32_t Find(std::string_view name) const { return Find(name, HashOf(name)); }

  const std::vector<std::string>& names() const { return names_; }

 private:
  struct Slot {
    uint64_t hash = 0;
    uint32_t place = kNowhere;
  };

  std::vector<std::string> names_;
  std::vector<Slot> slots_;
  size_t mask_ = 0;
};

}  // namespace postern::policy
