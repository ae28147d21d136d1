#include "agent/identity/presented_key.h"

#include <gtest/gtest.h>

namespace postern::identity {
namespace {

TEST(PresentedKey, PrefersOurHeaderThenBearerThenApiKey) {
  EXPECT_EQ(PresentedKey({"a", "Bearer b", "c"}, Mode::kKey), "a");
  EXPECT_EQ(PresentedKey({std::nullopt, "Bearer b", "c"}, Mode::kKey), "b");
  EXPECT_EQ(PresentedKey({std::nullopt, std::nullopt, "c"}, Mode::kKey), "c");
  EXPECT_EQ(PresentedKey({}, Mode::kKey), std::nullopt);
}

TEST(PresentedKey, ReadsTheBearerSchemeInAnySpelling) {
  EXPECT_EQ(PresentedKey({std::nullopt, "bEARER   b ", "c"}, Mode::kKey), "b");
  EXPECT_EQ(PresentedKey({std::nullopt, "Basic dTpw", "c"}, Mode::kKey), "c");
  EXPECT_EQ(PresentedKey({std::nullopt, "Bearerb", "c"}, Mode::kKey), "c");
  EXPECT_EQ(PresentedKey({std::nullopt, "Bearer", "c"}, Mode::kKey), "c");
  EXPECT_EQ(PresentedKey({std::nullopt, "Bearer  ", std::nullopt}, Mode::kKey), std::nullopt);
}

TEST(PresentedKey, PassesOverEmptyHeaders) {
  EXPECT_EQ(PresentedKey({"", "", "c"}, Mode::kKey), "c");
  EXPECT_EQ(PresentedKey({" \t", std::nullopt, " "}, Mode::kKey), std::nullopt);
}

TEST(PresentedKey, TakesTheFixedTokenForNoKeyOnlyWhereTheOsUserCounts) {
  EXPECT_EQ(PresentedKey({std::nullopt, "Bearer pst_os_user", "c"}, Mode::kOsUser), "c");
  EXPECT_EQ(PresentedKey({std::nullopt, "Bearer pst_os_user", "pst_os_user"}, Mode::kOsUser), std::nullopt);
  EXPECT_EQ(PresentedKey({std::nullopt, "Bearer pst_os_user", "c"}, Mode::kKey), "pst_os_user");
  EXPECT_EQ(PresentedKey({std::nullopt, "Bearer pst_os_user2", "c"}, Mode::kOsUser), "pst_os_user2");
}

}  // namespace
}  // namespace postern::identity
