// A list of patterns, made so that a name is looked up rather than tried.
//
//   whole       "claude-opus-5-5"       by the number of the word (lexicon.h)
//   anchored    "mcp__github__*"        by the numbers of the words that the name begins with
//               "*-preview"             the same of endings
//   loose       "*opus*"                tried one by one: at most kMostLoosePatterns
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "shared/base/result.h"
#include "shared/policy/lexicon.h"
#include "shared/policy/name_index.h"

namespace postern::policy {

struct Pattern {
  std::string text;
  uint32_t place = 0;  // in the list as it is written
};

// Which terms lists may mean, by bits: a quick no.
struct Reach {
  uint64_t whole = 0;
  uint64_t beginnings = 0;
  uint64_t endings = 0;
  bool has_loose = false;

  bool Meets(const Term& term) const {
    return has_loose || ((whole & term.whole_bit) | (beginnings & term.beginning_bits) |
                         (endings & term.ending_bits)) != 0;
  }
  void Add(const Reach& other);
};

// Thread-compatible.
class PatternList {
 public:
  PatternList() = default;

  // All patterns must have been added to the lexicon, which has to live as long. kInvalid, with what is
  // wrong, where patterns would have to be tried one by one that are more than kMostLoosePatterns: loose
  // ones, or those that differ only away from their anchor.
  static Result<PatternList> Make(const std::vector<Pattern>& patterns, const Lexicon& lexicon);

  // The lowest place of a pattern that the term of that lexicon fits, or kNowhere.
  uint32_t Find(const Term& term) const {
    if (!reach_.Meets(term)) return kNowhere;
    const uint32_t place = (reach_.whole & term.whole_bit) == 0 ? kNowhere : whole_.Find(term.whole);
    return globs_ == nullptr ? place : FindGlob(term, place);
  }

  const Reach& reach() const { return reach_; }

 private:
  struct Glob {
    std::string text;
    uint32_t place = 0;
    bool is_open = false;  // nothing but its anchor and one *: whatever has the anchor fits
  };
  // Globs by the number of their anchor.
  struct ByAnchor {
    NumberIndex places;                    // in `globs`
    std::vector<std::vector<Glob>> globs;  // of each anchor; their places rise
  };
  struct Globs {
    const Lexicon* lexicon = nullptr;
    ByAnchor beginnings, endings;
    std::vector<Glob> loose;
  };
  class Maker;

  static uint32_t FirstOf(const std::vector<Glob>& globs, std::string_view name, uint32_t best);
  static uint32_t FindAnchored(const ByAnchor& by_anchor, const Anchors& anchors, uint32_t longest,
                               std::string_view name, uint32_t best);
  uint32_t FindGlob(const Term& term, uint32_t best) const;

  Reach reach_;
  NumberIndex whole_;
  std::unique_ptr<const Globs> globs_;  // none where there are none
};

}  // namespace postern::policy
