#include "shared/limits/limit.h"

#include <gtest/gtest.h>

#include "shared/limits/grant.h"

namespace postern::limits {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'795'435'200)};

TEST(Limit, ARaiseCountsUntilItsEnd) {
  Limit limit{.id = "ml-month",
              .subject = "",
              .within = "",
              .amount = Amount(500),
              .raise = Raise{Amount(200), kNow}};
  EXPECT_EQ(limit.AmountAt(kNow - std::chrono::seconds(1)), Amount(700));
  EXPECT_EQ(limit.AmountAt(kNow), Amount(500));
}

TEST(Limit, AbsurdOnesAreRefused) {
  const auto refused = [](const Limit& limit) { return !CheckLimit(limit).has_value(); };
  EXPECT_TRUE(refused({.id = "", .subject = "", .within = "", .amount = Amount(1), .raise = {}}));
  EXPECT_TRUE(refused({.id = "a/b", .subject = "", .within = "", .amount = Amount(1), .raise = {}}));
  EXPECT_TRUE(refused({.id = "a", .subject = "", .within = "", .amount = Amount(-1), .raise = {}}));
  EXPECT_TRUE(refused({.id = "a", .subject = "x", .within = "", .amount = Amount(1), .raise = {}}));
  EXPECT_FALSE(refused({.id = "a", .subject = "", .within = "", .amount = Amount(1), .raise = {}}));
}

TEST(Counters, TheLargerValueWinsInWhateverOrderTheyCome) {
  Counters counters{Amount(10), Amount(4), Amount(1)};
  counters.Merge({Amount(7), Amount(5), Amount(0)});
  EXPECT_EQ(counters, (Counters{Amount(10), Amount(5), Amount(1)}));
  EXPECT_EQ(counters.held(), Amount(9));
}

TEST(Counters, WhatIsOverspentIsHeldToo) {
  EXPECT_EQ((Counters{Amount(10), Amount(9), Amount(3)}).held(), Amount(9));
}

}  // namespace
}  // namespace postern::limits
