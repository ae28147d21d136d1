#include "tests/bench/statistics.h"

#include <cmath>

#include <gtest/gtest.h>

namespace postern::bench {
namespace {

TEST(Statistics, MedianIsTheMiddleValueOrTheMeanOfTheTwoMiddleOnes) {
  EXPECT_EQ(Median({3, 1, 2}), 2);
  EXPECT_EQ(Median({4, 1, 3, 2}), 2.5);
  EXPECT_EQ(Median({7}), 7);
}

TEST(Statistics, MedianIsNotMovedByOneWildValue) { EXPECT_EQ(Median({1, 2, 3, 4, 1e9}), 3); }

TEST(Statistics, NothingHasNoMedianAndNoPercentile) {
  EXPECT_TRUE(std::isnan(Median({})));
  EXPECT_TRUE(std::isnan(Percentile({}, 50)));
}

TEST(Statistics, PercentileIsTheNearestRank) {
  std::vector<double> values;
  for (int i = 100; i >= 1; --i) values.push_back(i);
  EXPECT_EQ(Percentile(values, 50), 50);
  EXPECT_EQ(Percentile(values, 99), 99);
  EXPECT_EQ(Percentile(values, 100), 100);
  EXPECT_EQ(Percentile(values, 0), 1);
  EXPECT_EQ(Percentile({5, 1, 9}, 99), 9);
}

TEST(Statistics, RatioIsTakenPairByPairSoThatSharedWeatherCancels) {
  // Each repetition is twice as slow as the one before for both sides; ours is always half of the reference.
  const Comparison comparison = Compare({1, 2, 4}, {2, 4, 8});
  EXPECT_EQ(comparison.ratio, 0.5);
  EXPECT_EQ(comparison.ours, 2);
  EXPECT_EQ(comparison.reference, 4);
}

TEST(Statistics, RatioIsTheMedianOfRatiosNotTheRatioOfMedians) {
  EXPECT_EQ(Compare({1, 6, 3}, {1, 2, 3}).ratio, 1);  // ratios 1, 3, 1; medians 3 and 2
}

TEST(Statistics, PairsWhoseReferenceIsNotPositiveHaveNoRatio) {
  EXPECT_EQ(Compare({4, 5, 6}, {2, -1, 0}).ratio, 2);
  EXPECT_TRUE(std::isnan(Compare({1}, {0}).ratio));
}

}  // namespace
}  // namespace postern::bench
