#include "shared/base/amount.h"

#include <limits>

#include <gtest/gtest.h>

namespace postern {
namespace {

constexpr Amount kLargest{std::numeric_limits<int64_t>::max()};

TEST(Amount, AddsAndSubtractsExactly) {
  EXPECT_EQ(Amount(7) + Amount(5), Amount(12));
  EXPECT_EQ(Amount(7) - Amount(12), Amount(-5));
}

TEST(AmountDeathTest, ASumThatWouldWrapEndsTheProgram) {
  EXPECT_DEATH(static_cast<void>(kLargest + Amount(1)), "CHECK failed");
}

TEST(Amount, SaturatesWhereTheInputIsSomebodyElses) {
  EXPECT_EQ(Amount::SaturatingAdd(kLargest, Amount(1)), kLargest);
  EXPECT_EQ(Amount::SaturatingAdd(Amount(2), Amount(3)), Amount(5));
}

}  // namespace
}  // namespace postern
