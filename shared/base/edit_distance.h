// How far apart two words are, for "did you mean".
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace postern {

// The least number of insertions, deletions, substitutions and swaps of neighbours that turn one word into
// the other (optimal string alignment: no part is edited twice). Takes time and memory in proportion to the
// product of the lengths.
size_t EditDistance(std::string_view a, std::string_view b);

// The word nearest to what was written, if one is near enough to have been meant: a third of it may differ,
// capitals and small letters count as the same. The first of several that are equally near.
std::optional<std::string> Nearest(std::string_view written, std::span<const std::string_view> words);

// For the end of a sentence: `; did you mean "listen"?`, or nothing where no word is near.
std::string DidYouMean(std::string_view written, std::span<const std::string_view> words);
std::string DidYouMean(std::string_view written, std::span<const std::string> words);

}  // namespace postern
