#include "shared/policy/lexicon.h"

#include <algorithm>
#include <array>
#include <utility>

#include "shared/base/check.h"
#include "shared/policy/limits.h"

namespace postern::policy {
namespace {

std::string Reversed(std::string_view text) { return {text.rbegin(), text.rend()}; }

}  // namespace

Anchored AnchoredBy(std::string_view pattern) {
  const size_t first = pattern.find_first_of("*?");
  if (first == std::string_view::npos) return {Anchor::kWhole, pattern};
  const std::string_view beginning = pattern.substr(0, first);
  const std::string_view ending = pattern.substr(pattern.find_last_of("*?") + 1);
  if (beginning.empty() && ending.empty()) return {Anchor::kNone, {}};
  if (beginning.size() >= ending.size()) return {Anchor::kBeginning, beginning};
  return {Anchor::kEnding, ending};
}

void Lexicon::Add(std::string_view pattern) {
  const Anchored word = AnchoredBy(pattern);
  switch (word.anchor) {
    case Anchor::kWhole: whole_texts_.emplace_back(word.text); break;
    case Anchor::kBeginning: beginning_texts_.emplace_back(word.text); break;
    case Anchor::kEnding: ending_texts_.push_back(Reversed(word.text)); break;
    case Anchor::kNone: break;
  }
}

void Lexicon::Build() {
  std::sort(whole_texts_.begin(), whole_texts_.end());
  whole_texts_.erase(std::unique(whole_texts_.begin(), whole_texts_.end()), whole_texts_.end());
  whole_.Build(std::exchange(whole_texts_, {}));
  beginnings_.Build(std::exchange(beginning_texts_, {}));
  endings_.Build(std::exchange(ending_texts_, {}));
}

Term Lexicon::Look(const HashedName& name) const {
  Term term;
  term.text = name.text;
  term.whole = Whole(name);
  term.beginning = beginnings_.Longest(name.text);
  term.ending = LongestEnding(name.text);
  term.whole_bit = term.whole == kNowhere ? 0 : Anchors::BitOf(term.whole);
  term.beginning_bits = beginnings_.BitsOf(term.beginning);
  term.ending_bits = endings_.BitsOf(term.ending);
  return term;
}

uint32_t Lexicon::SearchEnding(std::string_view name) const {
  std::array<char, kMostNameBytes> reversed;
  if (name.size() > reversed.size()) return kNowhere;
  std::reverse_copy(name.begin(), name.end(), reversed.begin());
  return endings_.Longest({reversed.data(), name.size()});
}

uint32_t Lexicon::NumberOf(const Anchored& word) const {
  uint32_t number = kNowhere;
  switch (word.anchor) {
    case Anchor::kWhole: number = whole_.Find(word.text); break;
    case Anchor::kBeginning: number = beginnings_.Find(word.text); break;
    case Anchor::kEnding: number = endings_.Find(Reversed(word.text)); break;
    case Anchor::kNone: return kNowhere;
  }
  CHECK(number != kNowhere);
  return number;
}

}  // namespace postern::policy
