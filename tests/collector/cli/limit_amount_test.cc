#include "collector/cli/limit_amount.h"

#include <gtest/gtest.h>

namespace postern::cli {
namespace {

TEST(LimitAmount, DollarsAreExactToTheNanoDollar) {
  EXPECT_EQ(*ParseLimitAmount("usd", "500"), 500'000'000'000);
  EXPECT_EQ(*ParseLimitAmount("usd", "0.05"), 50'000'000);
  EXPECT_EQ(*ParseLimitAmount("usd", "0.000000001"), 1);
  EXPECT_EQ(*ParseLimitAmount("usd", "1000000000"), kMostLimitAmount);
  EXPECT_EQ(*ParseLimitAmount("tokens", "60"), 60);
}

TEST(LimitAmount, WhatIsNoneIsRefusedWithWhatIsAllowed) {
  for (const char* text : {"", "-1", "+1", "1.", ".5", "1e3", "$5", "1,5", "0.0000000001", " 1", "5 ",
                           "1.2.3", "--5", "99999999999999999999"}) {
    EXPECT_FALSE(ParseLimitAmount("usd", text)) << text;
    EXPECT_FALSE(ParseLimitAmount("requests", text)) << text;
  }
  EXPECT_FALSE(ParseLimitAmount("usd", "1000000001"));
  EXPECT_FALSE(ParseLimitAmount("requests", "1000000000000000001"));
  EXPECT_FALSE(ParseLimitAmount("requests", "1.5"));
  EXPECT_EQ(
      ParseLimitAmount("usd", "5 euros").error().message,
      "found \"5 euros\", allowed is dollars such as 500 or 0.05, at most 1000000000 and with at most nine "
      "decimal places");
}

TEST(LimitAmount, CellsShowTheUnit) {
  EXPECT_EQ(LimitAmountCell("usd", 12'340'000'000), "$12.3400");
  EXPECT_EQ(LimitAmountCell("usd", -1'000'000'000), "-$1.0000");
  EXPECT_EQ(LimitAmountCell("requests", 60), "60");
}

}  // namespace
}  // namespace postern::cli
