// The levels that speak to somebody, in their order:
//
//   organisation → teams, the outermost first → groups of the user → user → key
//
// Private to this directory.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "shared/policy/facts.h"
#include "shared/policy/tables.h"

namespace postern::policy {

inline constexpr size_t kMostLevelsOfOne = kMostTeamDepth + kMostGroupsOfUser + 3;

// Thread-compatible.
class Chain {
 public:
  Chain(const Tables& tables, const Facts& facts);

  std::span<const Level* const> levels() const { return {levels_.data(), count_}; }
  // Levels beside each other, one place in the order: the groups of a user, or a single level.
  size_t EndOfTier(size_t begin) const {
    return begin >= groups_begin_ && begin < groups_end_ ? groups_end_ : begin + 1;
  }
  // Whether any level has a word about it.
  bool Speaks(Kind kind) const { return (speaks_ & BitOf(kind)) != 0; }
  bool Sets(Scalar scalar) const { return (sets_ & BitOf(scalar)) != 0; }

 private:
  void Add(const Level* level) {
    levels_[count_++] = level;
    speaks_ |= level->speaks;
    sets_ |= level->sets;
  }

  std::array<const Level*, kMostLevelsOfOne> levels_;  // only the first count_
  size_t count_ = 0;
  size_t groups_begin_ = 0;
  size_t groups_end_ = 0;
  uint8_t speaks_ = 0;
  uint8_t sets_ = 0;
};

// One level of a chain that has lists of a kind.
struct Speaker {
  const Lists* lists;
  uint32_t at;     // its place in the chain
  uint32_t tier;   // the place of the first of those beside it
  bool may_widen;  // a level above lets it allow what none above does
};

// Those of a chain that have lists of one kind: what a name has to be held against. Thread-compatible.
class Speakers {
 public:
  Speakers(const Chain& chain, Kind kind);

  std::span<const Speaker> all() const { return {speakers_.data(), count_}; }
  const Level& LevelOf(const Speaker& speaker) const { return *chain_.levels()[speaker.at]; }
  Kind kind() const { return kind_; }

  // That no denial is of this name. So it is with most tools of most requests; false only means that they
  // have to be asked.
  bool DenyNothingOf(const HashedName& folded, const Lexicon& names) const {
    if (denied_.has_loose) return false;
    const uint32_t whole = denied_.whole == 0 ? kNowhere : names.Whole(folded);
    if (whole != kNowhere && (denied_.whole & Anchors::BitOf(whole)) != 0) return false;
    const Anchors& beginnings = names.beginnings();
    if (denied_.beginnings != 0 &&
        (denied_.beginnings & beginnings.BitsOf(beginnings.Longest(folded.text))) != 0)
      return false;
    return denied_.endings == 0 ||
           (denied_.endings & names.endings().BitsOf(names.LongestEnding(folded.text))) == 0;
  }

  // That all that have a list of what is allowed have this on it.
  bool AllList(const Term& name) const {
    for (const Speaker& speaker : all()) {
      if (speaker.lists->listed && speaker.lists->allow.Find(name) == kNowhere) return false;
    }
    return true;
  }

  bool lists() const { return lists_; }  // some have a list of what is allowed
  // What denials of all of them may mean, of names and of tools' types.
  const Reach& denied() const { return denied_; }
  const Reach& denied_types() const { return denied_types_; }

 private:
  const Chain& chain_;
  const Kind kind_;
  std::array<Speaker, kMostLevelsOfOne> speakers_;  // only the first count_
  size_t count_ = 0;
  bool lists_ = false;
  Reach denied_, denied_types_;
};

}  // namespace postern::policy
