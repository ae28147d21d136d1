#include "shared/base/edit_distance.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace postern {
namespace {

// The definition, written down; exponential, so for short words only.
size_t SlowDistance(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return a.size() + b.size();
  const size_t tail = SlowDistance(a.substr(1), b.substr(1)) + (a[0] == b[0] ? 0 : 1);
  size_t least = std::min({SlowDistance(a.substr(1), b) + 1, SlowDistance(a, b.substr(1)) + 1, tail});
  if (a.size() > 1 && b.size() > 1 && a[0] == b[1] && a[1] == b[0]) {
    least = std::min(least, SlowDistance(a.substr(2), b.substr(2)) + 1);
  }
  return least;
}

std::string RandomWord(std::mt19937& random) {
  std::string word(random() % 6, 'a');
  for (char& c : word) c = static_cast<char>('a' + random() % 3);
  return word;
}

TEST(EditDistance, AgreesWithItsDefinition) {
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    const std::string a = RandomWord(random);
    const std::string b = RandomWord(random);
    ASSERT_EQ(EditDistance(a, b), SlowDistance(a, b)) << a << " " << b;
  }
}

TEST(Nearest, FindsTheWordThatWasMeant) {
  const std::string_view words[] = {"listen", "upstream", "audit", "log"};
  EXPECT_EQ(Nearest("lisen", words), "listen");
  EXPECT_EQ(Nearest("upstraem", words), "upstream");
  EXPECT_EQ(Nearest("AUDIT", words), "audit");
  EXPECT_EQ(Nearest("lg", words), "log");
}

TEST(Nearest, SaysNothingWhereNothingIsNear) {
  const std::string_view words[] = {"listen", "upstream", "a"};
  EXPECT_EQ(Nearest("colour", words), std::nullopt);
  EXPECT_EQ(Nearest("b", words), std::nullopt);
  EXPECT_EQ(Nearest("", words), std::nullopt);
  EXPECT_EQ(Nearest(std::string(1'000'000, 'l'), words), std::nullopt);
}

TEST(DidYouMean, EndsASentenceWhereAWordIsNear) {
  const std::vector<std::string> words = {"listen", "upstream"};
  EXPECT_EQ(DidYouMean("lisen", words), "; did you mean \"listen\"?");
  EXPECT_EQ(DidYouMean("colour", words), "");
}

}  // namespace
}  // namespace postern
