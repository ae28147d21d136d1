// A list of patterns, made so that a name is looked up rather than tried.
//
//   exact       "claude-opus-5-5"       one look into a hash table
//   anchored    "mcp__github__*"        one look for each length of beginning that the list has
//               "*-preview"             the same of endings; where a pattern has both, its longer one counts
//   loose       "*opus*"                tried one by one: at most kMostLoosePatterns
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/policy/name_index.h"

namespace postern::policy {

struct Pattern {
  std::string text;
  uint32_t place = 0;  // in the list as it is written
};

// Thread-compatible.
class PatternList {
 public:
  PatternList() = default;

  // kInvalid, with what is wrong, where patterns would have to be tried one by one that are more than
  // kMostLoosePatterns: loose ones, or those that differ only away from their longer anchor.
  static Result<PatternList> Make(const std::vector<Pattern>& patterns);

  // The lowest place of a pattern that the name fits, or kNowhere. `hash` is HashOf(name).
  uint32_t Find(std::string_view name, uint64_t hash) const {
    if (empty_) return kNowhere;
    const uint32_t exact = exact_.Find(name, hash);
    const uint32_t place = exact == kNowhere ? kNowhere : exact_places_[exact];
    return has_globs_ ? FindGlob(name, place) : place;
  }
  uint32_t Find(std::string_view name) const { return Find(name, HashOf(name)); }

  bool empty() const { return empty_; }

 private:
  enum class End { kBeginning, kEnding };

  // Globs by the text that they begin with, or end with.
  struct Anchored {
    NameIndex anchors;
    std::vector<std::vector<Pattern>> globs;  // of each anchor, places rising
    std::vector<size_t> lengths;              // of anchors, each once
  };

  static Result<Anchored> MakeAnchored(const std::vector<Pattern>& globs, End end);
  static uint32_t FindAnchored(const Anchored& anchored, End end, std::string_view name, uint32_t best);
  uint32_t FindGlob(std::string_view name, uint32_t best) const;

  bool empty_ = true;
  bool has_globs_ = false;
  NameIndex exact_;
  std::vector<uint32_t> exact_places_;
  Anchored beginnings_;
  Anchored endings_;
  std::vector<Pattern> loose_;
};

}  // namespace postern::policy
