// What is said of repeated measurements. On a shared machine a single time means little; a ratio taken within
// one repetition, where both sides met the same weather, means more, and the median of ten such ratios is
// what is reported.
#pragma once

#include <vector>

namespace postern::bench {

// The middle value, or the mean of the two middle ones; NaN of nothing.
double Median(std::vector<double> values);

// Nearest rank: the smallest value that at least `percent` % of the values do not exceed; NaN of nothing.
double Percentile(std::vector<double> values, double percent);

struct Comparison {
  double ours = 0;       // median
  double reference = 0;  // median
  double ratio = 0;      // median of ours/reference, repetition by repetition
};

// Both hold one value a repetition, in the same order. A pair whose reference is not positive (an added
// latency can be lost in noise) has no ratio and is left out; with no pair left, `ratio` is NaN.
Comparison Compare(const std::vector<double>& ours, const std::vector<double>& reference);

}  // namespace postern::bench
