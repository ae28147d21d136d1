// Which of many texts a name begins with, all of them by one search.
//
//   sorted      "mcp__" "mcp__git__" "mcp__github__" "mcp__tickets__"
//   parent        –       mcp__         mcp__            mcp__         the longest one that it begins with
//
// The last text that isn't after the name, or one of its parents, is the longest that the name begins with;
// the others are that one's parents: what lies between a beginning of a name and the name begins so, too.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/policy/name_index.h"

namespace postern::policy {

// Thread-compatible.
class Anchors {
 public:
  // None of them empty; some may stand there twice.
  void Build(std::vector<std::string> texts);

  // The number of the longest that the name begins with, or kNowhere. Takes one search, and no step where no
  // text has the name's first character.
  uint32_t Longest(std::string_view name) const {
    if (name.empty()) return kNowhere;
    const auto first = static_cast<unsigned char>(name[0]);
    return begins_[first] == begins_[first + 1U] ? kNowhere
                                                 : Search(name, begins_[first], begins_[first + 1U]);
  }
  // The next shorter one that the same names begin with, or kNowhere.
  uint32_t Parent(uint32_t number) const { return parents_[number]; }

  // Bits of it and its parents: what shares none with a set of them has none in it.
  uint64_t BitsOf(uint32_t number) const { return number == kNowhere ? 0 : bits_[number]; }
  static uint64_t BitOf(uint32_t number) { return uint64_t{1} << (number % 64); }

  uint32_t Find(std::string_view text) const;
  bool empty() const { return texts_.empty(); }

 private:
  uint32_t Search(std::string_view name, uint32_t begin, uint32_t end) const;

  std::vector<std::string> texts_;  // sorted, each once
  std::vector<uint64_t> keys_;      // of each the first eight bytes, that compare as the texts do
  std::vector<uint32_t> parents_;
  std::vector<uint64_t> bits_;
  std::array<uint32_t, 257> begins_{};  // of those with that first byte
};

}  // namespace postern::policy
