#include "shared/secrets/finding.h"

#include <gtest/gtest.h>

#include "shared/secrets/utf8.h"

namespace postern::secrets {
namespace {

TEST(Entropy, IsThatOfTheCharacters) {
  EXPECT_DOUBLE_EQ(Entropy(""), 0);
  EXPECT_DOUBLE_EQ(Entropy("aaaa"), 0);
  EXPECT_DOUBLE_EQ(Entropy("abcd"), 2);
  EXPECT_DOUBLE_EQ(Entropy("aabb"), 1);
  EXPECT_DOUBLE_EQ(Entropy("\xc3\xa9\xc3\xa9"),
                   0.5);  // two of four bytes are one character, as Gitleaks counts
}

TEST(AsUtf8, LeavesTextAndReplacesEachByteThatIsNone) {
  std::string storage;
  const std::string good = "na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80 and more than thirty-two bytes of it";
  EXPECT_EQ(AsUtf8(good, storage).data(), good.data());
  EXPECT_EQ(AsUtf8("a\xff"
                   "b\xc3",
                   storage),
            "a\x1a"
            "b\x1a");
  EXPECT_EQ(AsUtf8("\xed\xa0\x80", storage), "\x1a\x1a\x1a");  // half of a pair
  EXPECT_EQ(AsUtf8("\xc0\x80\xf5", storage), "\x1a\x1a\x1a");
}

TEST(Lowered, KnowsTheLettersThatBecomeAscii) {
  EXPECT_EQ(Lowered("To\xe2\x84\xaa"
                    "EN"),
            "token");
  EXPECT_EQ(Lowered("AP\xc4\xb0"), "api");
  EXPECT_TRUE(HasFoldingCharacters("pa\xc5\xbfword"));
  EXPECT_FALSE(HasFoldingCharacters("na\xc3\xafve"));
}

}  // namespace
}  // namespace postern::secrets
