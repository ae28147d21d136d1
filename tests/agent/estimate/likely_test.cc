#include "agent/estimate/likely.h"

#include <gtest/gtest.h>

#include "tests/agent/estimate/prices.h"

namespace postern::estimate {
namespace {

using limits::Unit;

TEST(Likely, PricesThePromptAndAnAnswerAsLongAsRecentOnes) {
  const auto likely = EstimateLikely(OpusAsks(7'000), History(), PricesAtNoon());
  ASSERT_TRUE(likely);
  EXPECT_EQ(likely->answer, kFirstAnswer);
  EXPECT_EQ(likely->amounts[Unit::kUsd], Amount(2'000 * 5'000 + kFirstAnswer * 25'000));
  EXPECT_EQ(likely->amounts[Unit::kTokens], Amount(2'000 + kFirstAnswer));
  EXPECT_EQ(likely->amounts[Unit::kRequests], Amount(1));
  EXPECT_EQ(likely->amounts[Unit::kConcurrent], Amount(1));
}

TEST(Likely, CountsAnAnswerThatIsNotStreamedAsLongAsItMayBe) {
  Question question = OpusAsks(7'000);
  question.stream = false;
  EXPECT_EQ(EstimateLikely(question, History(), PricesAtNoon())->answer, 32'000);
}

TEST(Likely, ExpectsNoMoreThanWasAskedFor) {
  Question question = OpusAsks(7'000);
  question.max_tokens = 100;
  EXPECT_EQ(EstimateLikely(question, History(), PricesAtNoon())->answer, 100);
}

TEST(Likely, CountsOneSearchWhereTheWebMayBeSearched) {
  Question question = OpusAsks(7'000);
  const Amount without = EstimateLikely(question, History(), PricesAtNoon())->amounts[Unit::kUsd];
  question.web_searches = 1;
  const Amount with = EstimateLikely(question, History(), PricesAtNoon())->amounts[Unit::kUsd];
  EXPECT_EQ(with - without, Amount(10'000'000));
}

TEST(Likely, HasNoEstimateForWhatHasNoPrice) {
  Question question = OpusAsks(7'000);
  question.model = "claude-nobody";
  EXPECT_EQ(EstimateLikely(question, History(), PricesAtNoon()).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace postern::estimate
