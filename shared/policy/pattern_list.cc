#include "shared/policy/pattern_list.h"

#include <algorithm>
#include <map>
#include <utility>

#include "shared/policy/glob.h"
#include "shared/policy/limits.h"

namespace postern::policy {
namespace {

Error TooMany(const std::string& which) {
  return {ErrorCode::kInvalid, "more than " + std::to_string(kMostLoosePatterns) + " patterns " + which};
}

// Each text once, with its lowest place.
std::vector<Pattern> Once(std::vector<Pattern> patterns) {
  std::sort(patterns.begin(), patterns.end(), [](const Pattern& a, const Pattern& b) {
    return a.text != b.text ? a.text < b.text : a.place < b.place;
  });
  const auto end = std::unique(patterns.begin(), patterns.end(),
                               [](const Pattern& a, const Pattern& b) { return a.text == b.text; });
  patterns.erase(end, patterns.end());
  std::sort(patterns.begin(), patterns.end(),
            [](const Pattern& a, const Pattern& b) { return a.place < b.place; });
  return patterns;
}

}  // namespace

void Reach::Add(const Reach& other) {
  whole |= other.whole;
  beginnings |= other.beginnings;
  endings |= other.endings;
  has_loose |= other.has_loose;
}

// Sorts patterns by how they are looked up.
class PatternList::Maker {
 public:
  explicit Maker(const Lexicon& lexicon) : lexicon_(lexicon) {}

  Result<PatternList> Make(const std::vector<Pattern>& patterns) {
    for (Pattern& pattern : Once(patterns)) RETURN_IF_ERROR(Sort(std::move(pattern)));
    if (loose_.size() > kMostLoosePatterns) return TooMany("that begin and end with a wildcard");
    list_.reach_.has_loose = !loose_.empty();
    list_.whole_.Build(whole_);
    if (loose_.empty() && beginnings_.empty() && endings_.empty()) return std::move(list_);
    auto globs = std::make_unique<Globs>();
    globs->lexicon = &lexicon_;
    globs->beginnings = Gathered(beginnings_);
    globs->endings = Gathered(endings_);
    globs->loose = std::move(loose_);
    list_.globs_ = std::move(globs);
    return std::move(list_);
  }

 private:
  using ByNumber = std::map<uint32_t, std::vector<Glob>>;

  Status Sort(Pattern&& pattern) {
    const Anchored word = AnchoredBy(pattern.text);
    const uint32_t number = lexicon_.NumberOf(word);
    const bool is_open =
        pattern.text.size() == word.text.size() + 1 && pattern.text.find('?') == std::string::npos;
    Reach& reach = list_.reach_;
    switch (word.anchor) {
      case Anchor::kWhole:
        whole_.emplace_back(number, pattern.place);
        reach.whole |= Anchors::BitOf(number);
        return Ok{};
      case Anchor::kBeginning:
        reach.beginnings |= Anchors::BitOf(number);
        return Keep(beginnings_[number], {pattern.text, pattern.place, is_open}, "that begin with ", word);
      case Anchor::kEnding:
        reach.endings |= Anchors::BitOf(number);
        return Keep(endings_[number], {pattern.text, pattern.place, is_open}, "that end with ", word);
      case Anchor::kNone: loose_.push_back({pattern.text, pattern.place, is_open}); return Ok{};
    }
    return Ok{};
  }

  static Status Keep(std::vector<Glob>& globs, Glob glob, const char* which, const Anchored& word) {
    if (globs.size() == kMostLoosePatterns) return TooMany(which + ("\"" + std::string(word.text) + "\""));
    globs.push_back(std::move(glob));
    return Ok{};
  }

  static ByAnchor Gathered(ByNumber& by_number) {
    ByAnchor gathered;
    std::vector<std::pair<uint32_t, uint32_t>> places;
    for (auto& [number, globs] : by_number) {
      places.emplace_back(number, static_cast<uint32_t>(gathered.globs.size()));
      gathered.globs.push_back(std::move(globs));
    }
    gathered.places.Build(places);
    return gathered;
  }

  const Lexicon& lexicon_;
  PatternList list_;
  std::vector<std::pair<uint32_t, uint32_t>> whole_;
  ByNumber beginnings_, endings_;
  std::vector<Glob> loose_;
};

Result<PatternList> PatternList::Make(const std::vector<Pattern>& patterns, const Lexicon& lexicon) {
  return Maker(lexicon).Make(patterns);
}

uint32_t PatternList::FirstOf(const std::vector<Glob>& globs, std::string_view name, uint32_t best) {
  for (const Glob& glob : globs) {
    if (glob.place >= best) return best;
    if (glob.is_open || GlobMatches(glob.text, name)) return glob.place;
  }
  return best;
}

uint32_t PatternList::FindAnchored(const ByAnchor& by_anchor, const Anchors& anchors, uint32_t longest,
                                   std::string_view name, uint32_t best) {
  for (uint32_t anchor = longest; anchor != kNowhere; anchor = anchors.Parent(anchor)) {
    const uint32_t at = by_anchor.places.Find(anchor);
    if (at != kNowhere) best = FirstOf(by_anchor.globs[at], name, best);
  }
  return best;
}

uint32_t PatternList::FindGlob(const Term& term, uint32_t best) const {
  if ((reach_.beginnings & term.beginning_bits) != 0)
    best = FindAnchored(globs_->beginnings, globs_->lexicon->beginnings(), term.beginning, term.text, best);
  if ((reach_.endings & term.ending_bits) != 0)
    best = FindAnchored(globs_->endings, globs_->lexicon->endings(), term.ending, term.text, best);
  return FirstOf(globs_->loose, term.text, best);
}

}  // namespace postern::policy
