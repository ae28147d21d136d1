#include "shared/base/edit_distance.h"

#include <algorithm>
#include <cctype>
#include <vector>

namespace postern {
namespace {

// No key or word of ours is longer; what is longer wasn't meant as one.
constexpr size_t kLongestWord = 64;

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

}  // namespace

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> distance(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) distance[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) distance[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substitution = distance[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      distance[i][j] = std::min({distance[i - 1][j] + 1, distance[i][j - 1] + 1, substitution});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) distance[i][j] = std::min(distance[i][j], distance[i - 2][j - 2] + 1);
    }
  }
  return distance[a.size()][b.size()];
}

std::optional<std::string> Nearest(std::string_view written, std::span<const std::string_view> words) {
  if (written.empty() || written.size() > kLongestWord) return std::nullopt;
  const std::string lower = LowerCase(written);
  std::optional<std::string> nearest;
  size_t least = std::max<size_t>(1, written.size() / 3) + 1;
  for (const std::string_view word : words) {
    const size_t distance = EditDistance(lower, LowerCase(word));
    if (distance >= least || distance >= word.size()) continue;
    least = distance;
    nearest = std::string(word);
  }
  return nearest;
}

std::string DidYouMean(std::string_view written, std::span<const std::string_view> words) {
  const auto nearest = Nearest(written, words);
  return nearest ? "; did you mean \"" + *nearest + "\"?" : "";
}

std::string DidYouMean(std::string_view written, std::span<const std::string> words) {
  const std::vector<std::string_view> views(words.begin(), words.end());
  return DidYouMean(written, views);
}

}  // namespace postern
