// The words of a policy: every text that stands in its patterns of one kind, numbered. A name that comes in
// is looked up here once, and the lists of all levels then compare numbers.
//
//   pattern            its word
//   "Bash"             an exact text
//   "mcp__github__*"   a beginning
//   "*-preview"        an ending; of a pattern that has both the longer one counts
//   "*opus*"           none: it has to be tried
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/policy/anchors.h"
#include "shared/policy/name_index.h"

namespace postern::policy {

enum class Anchor : uint8_t { kWhole, kBeginning, kEnding, kNone };

// The part of a pattern by which it is looked up.
struct Anchored {
  Anchor anchor = Anchor::kNone;
  std::string_view text;
};

Anchored AnchoredBy(std::string_view pattern);

// A name, and which words it is, begins with and ends with. Without initial values: there are many of them.
struct Term {
  std::string_view text;
  uint32_t whole;      // kNowhere: no pattern is this name
  uint32_t beginning;  // the longest; its parents are the others
  uint32_t ending;
  uint64_t whole_bit;  // as Anchors has them
  uint64_t beginning_bits;
  uint64_t ending_bits;
};

// Built once, then only read; patterns' lists point to it. Thread-compatible.
class Lexicon {
 public:
  Lexicon() = default;
  Lexicon(const Lexicon&) = delete;
  Lexicon& operator=(const Lexicon&) = delete;

  // Before Build.
  void Add(std::string_view pattern);
  void Build();

  // The name is borrowed. Of more than kMostNameBytes endings aren't looked for.
  Term Look(const HashedName& name) const;
  Term Look(std::string_view name) const { return Look({name, HashOf(name)}); }

  uint32_t Whole(const HashedName& name) const { return whole_.Find(name.text, name.hash); }

  // The number of a pattern's word; it must have been added. kNowhere where it has none.
  uint32_t NumberOf(const Anchored& word) const;

  uint32_t LongestEnding(std::string_view name) const {
    return endings_.empty() ? kNowhere : SearchEnding(name);
  }
  const Anchors& beginnings() const { return beginnings_; }
  const Anchors& endings() const { return endings_; }

 private:
  uint32_t SearchEnding(std::string_view name) const;

  std::vector<std::string> whole_texts_, beginning_texts_, ending_texts_;  // until Build
  NameIndex whole_;
  Anchors beginnings_;
  Anchors endings_;  // of texts from their end
};

}  // namespace postern::policy
