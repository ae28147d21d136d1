// Names to their place in a list, by hash.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::policy {

inline constexpr uint32_t kNowhere = UINT32_MAX;

// Quick for short texts, eight bytes at a time. What it says is only where to look: texts are always
// compared.
class Hash {
 public:
  explicit Hash(size_t size) : value_(size * kMultiplier) {}
  void Mix(uint64_t word) {
    value_ = (value_ ^ word) * kMultiplier;
    value_ ^= value_ >> 32;
  }
  uint64_t value() const { return value_; }

 private:
  static constexpr uint64_t kMultiplier = 0x9e3779b97f4a7c15;
  uint64_t value_;
};

inline uint64_t WordAt(const char* at) {
  uint64_t word = 0;
  std::memcpy(&word, at, 8);
  return word;
}

// The last one to seven bytes of a text, zeros after them, without a loop: their two halves overlap.
inline uint64_t LastWordAt(const char* at, size_t left) {
  if (left >= 4) {
    uint32_t first = 0;
    uint32_t last = 0;
    std::memcpy(&first, at, 4);
    std::memcpy(&last, at + left - 4, 4);
    return first | (uint64_t{last} << (8 * (left - 4)));
  }
  const auto byte = [at](size_t i) { return uint64_t{static_cast<unsigned char>(at[i])} << (8 * i); };
  return byte(0) | byte(left / 2) | byte(left - 1);
}

inline uint64_t HashOf(std::string_view text) {
  Hash hash(text.size());
  const char* at = text.data();
  size_t left = text.size();
  for (; left >= 8; at += 8, left -= 8) hash.Mix(WordAt(at));
  if (left > 0) hash.Mix(LastWordAt(at, left));
  return hash.value();
}

// A name and its HashOf.
struct HashedName {
  std::string_view text;
  uint64_t hash = 0;
};

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

// The same of numbers. Thread-compatible.
class NumberIndex {
 public:
  // Each number once, none of them kNowhere; with what it stands for.
  void Build(const std::vector<std::pair<uint32_t, uint32_t>>& entries);

  // What it stands for, or kNowhere.
  uint32_t Find(uint32_t number) const {
    if (slots_.empty()) return kNowhere;
    for (size_t i = PlaceOf(number);; i = (i + 1) & (slots_.size() - 1)) {
      const Slot& slot = slots_[i];
      if (slot.number == number) return slot.value;
      if (slot.number == kNowhere) return kNowhere;
    }
  }

 private:
  struct Slot {
    uint32_t number = kNowhere;
    uint32_t value = kNowhere;
  };

  size_t PlaceOf(uint32_t number) const {
    constexpr uint64_t kMultiplier = 0x9e3779b97f4a7c15;
    return static_cast<size_t>((number * kMultiplier) >> 32) & (slots_.size() - 1);
  }

  std::vector<Slot> slots_;
};

}  // namespace postern::policy
