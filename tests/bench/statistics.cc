#include "tests/bench/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "shared/base/check.h"

namespace postern::bench {

double Median(std::vector<double> values) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double Percentile(std::vector<double> values, double percent) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  const double rank = std::ceil(percent / 100 * static_cast<double>(values.size()));
  const size_t index = std::min(values.size(), static_cast<size_t>(std::max(rank, 1.0))) - 1;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(index), values.end());
  return values[index];
}

Comparison Compare(const std::vector<double>& ours, const std::vector<double>& reference) {
  CHECK(ours.size() == reference.size());
  std::vector<double> ratios;
  for (size_t i = 0; i < ours.size(); ++i) {
    if (reference[i] > 0) ratios.push_back(ours[i] / reference[i]);
  }
  return {.ours = Median(ours), .reference = Median(reference), .ratio = Median(ratios)};
}

}  // namespace postern::bench
