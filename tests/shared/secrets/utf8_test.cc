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

// Long texts that are mostly ASCII, with what isn't at any place of a block.
TEST(HasFoldingCharacters, SaysTheSameAsThePlainWay) {
  static constexpr std::string_view kOdd[] = {"\xe2\x84\xaa", "\xc4\xb0", "\xc5\xbf", "\xe2\x84\xab",
                                              "\xc4\xb1",     "\xc5",     "\xe2\x84", "\xf0\x9f\x98\x80"};
  std::mt19937 random(12);
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (size_t left = random() % 4; left > 0; --left) {
      text.append(random() % 150, 'x');
      text += kOdd[random() % 100 < 70 ? 3 + random() % 5 : random() % 3];
    }
    text.append(random() % 150, 'x');
    const bool has = text.find(kOdd[0]) != std::string::npos || text.find(kOdd[1]) != std::string::npos ||
                     text.find(kOdd[2]) != std::string::npos;
    ASSERT_EQ(HasFoldingCharacters(text), has) << text;
  }
}

TEST(AsUtf8, FindsEachByteThatIsNoneWhereverItStands) {
  std::mt19937 random(13);
  for (int round = 0; round < 20'000; ++round) {
    std::string text, expected, storage;
    for (size_t left = random() % 4; left > 0; --left) {
      const std::string plain(random() % 150, 'x');
      text += plain + "\xff\xc3\xa9";
      expected += plain + "\x1a\xc3\xa9";
    }
    ASSERT_EQ(AsUtf8(text, storage), expected);
  }
}

}  // namespace
}  // namespace postern::secrets
