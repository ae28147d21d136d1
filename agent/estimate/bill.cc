#include "agent/estimate/bill.h"

#include <algorithm>

namespace postern::estimate {
namespace {

// As the price table's own bound for a count.
constexpr int64_t kMostTokens = 1'000'000'000'000;

int64_t Bounded(int64_t tokens) { return std::clamp<int64_t>(tokens, 0, kMostTokens); }

}  // namespace

int64_t TokensOf(const pricing::Usage& usage) {
  return Bounded(usage.input) + Bounded(usage.output) + Bounded(usage.cache_read) +
         Bounded(usage.cache_write_5m) + Bounded(usage.cache_write_1h);
}

Result<limits::Amounts> AmountsOf(const Question& question, const pricing::Usage& usage,
                                  const Prices& prices) {
  ASSIGN_OR_RETURN(const pricing::Cost cost,
                   prices.table.Price(question.model, usage, prices.when, question.place));
  limits::Amounts amounts;
  amounts[limits::Unit::kUsd] = cost.nano_dollars;
  amounts[limits::Unit::kTokens] = Amount(TokensOf(usage));
  amounts[limits::Unit::kRequests] = Amount(1);
  amounts[limits::Unit::kConcurrent] = Amount(1);
  return amounts;
}

}  // namespace postern::estimate
