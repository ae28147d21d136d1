#include "shared/policy/pattern_list.h"

#include <algorithm>
#include <map>
#include <utility>

#include "shared/policy/glob.h"
#include "shared/policy/limits.h"

namespace postern::policy {
namespace {

std::string_view BeginningOf(std::string_view glob) { return glob.substr(0, glob.find_first_of("*?")); }
std::string_view EndingOf(std::string_view glob) { return glob.substr(glob.find_last_of("*?") + 1); }

Error TooMany(std::string_view which) {
  return {ErrorCode::kInvalid,
          "more than " + std::to_string(kMostLoosePatterns) + " patterns " + std::string(which)};
}

// Each text once, with its lowest place.
std::vector<Pattern> Once(std::vector<Pattern> patterns) {
  std::stable_sort(patterns.begin(), patterns.end(), [](const Pattern& a, const Pattern& b) {
    return a.text != b.text ? a.text < b.text : a.place < b.place;
  });
  const auto end = std::unique(patterns.begin(), patterns.end(),
                               [](const Pattern& a, const Pattern& b) { return a.text == b.text; });
  patterns.erase(end, patterns.end());
  std::sort(patterns.begin(), patterns.end(),
            [](const Pattern& a, const Pattern& b) { return a.place < b.place; });
  return patterns;
}

uint32_t FirstOf(const std::vector<Pattern>& globs, std::string_view name, uint32_t best) {
  for (const Pattern& glob : globs) {
    if (glob.place >= best) return best;
    if (GlobMatches(glob.text, name)) return glob.place;
  }
  return best;
}

}  // namespace

Result<PatternList> PatternList::Make(const std::vector<Pattern>& patterns) {
  PatternList list;
  std::vector<std::string> exact;
  std::vector<Pattern> beginnings;
  std::vector<Pattern> endings;
  for (Pattern& pattern : Once(patterns)) {
    const size_t beginning = BeginningOf(pattern.text).size();
    const size_t ending = EndingOf(pattern.text).size();
    if (!HasWildcard(pattern.text)) {
      exact.push_back(std::move(pattern.text));
      list.exact_places_.push_back(pattern.place);
    } else if (beginning == 0 && ending == 0) {
      list.loose_.push_back(std::move(pattern));
    } else {
      (beginning >= ending ? beginnings : endings).push_back(std::move(pattern));
    }
  }
  if (list.loose_.size() > kMostLoosePatterns) return TooMany("that begin and end with a wildcard");
  list.exact_.Build(std::move(exact));
  list.has_globs_ = !list.loose_.empty() || !beginnings.empty() || !endings.empty();
  list.empty_ = patterns.empty();
  ASSIGN_OR_RETURN(list.beginnings_, MakeAnchored(beginnings, End::kBeginning));
  ASSIGN_OR_RETURN(list.endings_, MakeAnchored(endings, End::kEnding));
  return list;
}

Result<PatternList::Anchored> PatternList::MakeAnchored(const std::vector<Pattern>& globs, End end) {
  std::map<std::string, std::vector<Pattern>, std::less<>> by_anchor;
  for (const Pattern& glob : globs) {
    const std::string_view anchor = end == End::kBeginning ? BeginningOf(glob.text) : EndingOf(glob.text);
    by_anchor[std::string(anchor)].push_back(glob);
  }
  Anchored anchored;
  std::vector<std::string> anchors;
  for (auto& [anchor, with_it] : by_anchor) {
    if (with_it.size() > kMostLoosePatterns)
      return TooMany((end == End::kBeginning ? "that begin with \"" : "that end with \"") + anchor + "\"");
    anchors.push_back(anchor);
    anchored.lengths.push_back(anchor.size());
    anchored.globs.push_back(std::move(with_it));
  }
  std::sort(anchored.lengths.begin(), anchored.lengths.end());
  anchored.lengths.erase(std::unique(anchored.lengths.begin(), anchored.lengths.end()),
                         anchored.lengths.end());
  anchored.anchors.Build(std::move(anchors));
  return anchored;
}

uint32_t PatternList::FindAnchored(const Anchored& anchored, End end, std::string_view name, uint32_t best) {
  for (const size_t length : anchored.lengths) {
    if (length > name.size()) break;
    const auto anchor = end == End::kBeginning ? name.substr(0, length) : name.substr(name.size() - length);
    const uint32_t at = anchored.anchors.Find(anchor);
    if (at != kNowhere) best = FirstOf(anchored.globs[at], name, best);
  }
  return best;
}

uint32_t PatternList::FindGlob(std::string_view name, uint32_t best) const {
  best = FindAnchored(beginnings_, End::kBeginning, name, best);
  best = FindAnchored(endings_, End::kEnding, name, best);
  return FirstOf(loose_, name, best);
}

}  // namespace postern::policy
