#include "shared/secrets/utf8.h"

#include <random>

#include <gtest/gtest.h>

namespace postern::secrets {
namespace {

// As it is said: the text in small letters is made, and looked through.
bool HoldsPlainly(std::string_view text, std::string_view lowered) {
  return Lowered(text).find(lowered) != std::string::npos;
}

TEST(HoldsLowered, SaysWhatTheTextInSmallLettersHolds) {
  EXPECT_TRUE(HoldsLowered("An API_Key here", "api_key"));
  EXPECT_FALSE(HoldsLowered("An API-Key here", "api_key"));
  EXPECT_TRUE(
      HoldsLowered("to\xe2\x84\xaa"
                   "en",
                   "token"));  // K (Kelvin)
  EXPECT_TRUE(HoldsLowered("", ""));
  EXPECT_FALSE(HoldsLowered("", "a"));
}

// Texts of few letters, so that much nearly fits, around the length of a block.
TEST(HoldsLowered, SaysTheSameAsThePlainWay) {
  static constexpr std::string_view kPieces[] = {
      "a", "A", "b", "B", "k", "_", "[", "{", "@", "`", "ab", "aBa", "\xe2\x84\xaa", "\xc4\xb0"};
  static constexpr std::string_view kWanted[] = {"a", "b", "k", "_", "[", "{", "@", "`", "ab", "i", "aba"};
  std::mt19937 random(11);
  for (int round = 0; round < 20'000; ++round) {
    // Mostly without what is beyond ASCII, which goes the plain way.
    const size_t pieces = std::size(kPieces) - (random() % 4 == 0 ? 0 : 2);
    std::string text(random() % 40, 'x'), wanted;
    for (size_t left = random() % 30; left > 0; --left) text += kPieces[random() % pieces];
    for (size_t left = 1 + random() % 5; left > 0; --left) wanted += kWanted[random() % std::size(kWanted)];
    ASSERT_EQ(HoldsLowered(text, wanted), HoldsPlainly(text, wanted)) << text << " / " << wanted;
  }
}

}  // namespace
}  // namespace postern::secrets
