#include "agent/estimate/metering.h"

#include <gtest/gtest.h>

#include "tests/agent/estimate/prices.h"

namespace postern::estimate {
namespace {

using limits::Amounts;
using limits::Unit;
using Stride = Metering::Stride;

constexpr Metering::Counts kUsd{.usd = true};

class Meters : public testing::Test {
 protected:
  Meters() : reserved_(*EstimateLikely(question_, History(), PricesAtNoon())) {}

  Metering Make(Metering::Counts counts = kUsd, int64_t billed_permille = 1'000) const {
    return {question_, reserved_, counts, billed_permille, PricesAtNoon()};
  }

  // A stream of so many tokens at three bytes each, whose prompt was as long as expected.
  dialect::AnswerFacts Streamed(int64_t tokens) const {
    dialect::AnswerFacts facts;
    facts.begun = facts.usage_seen = true;
    facts.usage.input = reserved_.prompt.input;
    facts.usage.output = 1;
    facts.content_bytes = static_cast<uint64_t>(tokens) * 3;
    return facts;
  }

  Question question_ = OpusAsks(7'000);
  Likely reserved_;
};

TEST_F(Meters, WantsNothingWhileWhatIsReservedReachesWellAhead) {
  Metering metering = Make();
  metering.See(Streamed(0));
  EXPECT_FALSE(metering.wants_more());
  metering.See(Streamed(kFirstAnswer - metering.step()));
  EXPECT_FALSE(metering.wants_more());
}

TEST_F(Meters, WantsAStepMoreBeforeWhatIsReservedIsUsedUp) {
  Metering metering = Make();
  metering.See(Streamed(kFirstAnswer - metering.step() / 4));
  EXPECT_TRUE(metering.wants_more());
  EXPECT_FALSE(metering.is_used_up());
  const Amounts more = metering.InAll(Stride::kStep);
  EXPECT_GT(more[Unit::kUsd], reserved_.amounts[Unit::kUsd]);
  metering.Extended(more);
  EXPECT_FALSE(metering.wants_more());
}

TEST_F(Meters, StopsOnlyWhereAllOfItIsUsedUp) {
  Metering metering = Make();
  metering.See(Streamed(kFirstAnswer - 1));
  EXPECT_FALSE(metering.is_used_up());
  metering.See(Streamed(kFirstAnswer + 1));
  EXPECT_TRUE(metering.is_used_up());
  // A step can't be had, but a moment can.
  const Amounts least = metering.InAll(Stride::kLeast);
  EXPECT_LT(least[Unit::kUsd], metering.InAll(Stride::kStep)[Unit::kUsd]);
  metering.Extended(least);
  EXPECT_FALSE(metering.is_used_up());
}

TEST_F(Meters, CorrectsThePromptWhenTheAnswerBegins) {
  Metering metering = Make();
  dialect::AnswerFacts facts = Streamed(0);
  facts.usage.input = 40 * reserved_.prompt.input;
  metering.See(facts);
  EXPECT_TRUE(metering.is_used_up());
  const Amounts more = metering.InAll(Stride::kStep);
  EXPECT_GE(more[Unit::kUsd], Amount(facts.usage.input * 5'000));
  metering.Extended(more);
  EXPECT_FALSE(metering.is_used_up());
}

TEST_F(Meters, HasRoomForALongerAnswerWhereThePromptWasReadFromTheCache) {
  question_ = OpusAsks(700'000);
  reserved_ = *EstimateLikely(question_, History(), PricesAtNoon());
  Metering metering = Make();
  dialect::AnswerFacts facts = Streamed(3 * kFirstAnswer);
  facts.usage.cache_read = facts.usage.input;
  facts.usage.input = 0;
  metering.See(facts);
  EXPECT_FALSE(metering.wants_more());
}

TEST_F(Meters, AllowsForThinkingThatIsBilledAndNotSeen) {
  Metering metering = Make(kUsd, 3'000);
  metering.See(Streamed(kFirstAnswer / 3 + 10));
  EXPECT_TRUE(metering.is_used_up());
  EXPECT_GE(metering.output(), kFirstAnswer);
  question_.thinks = true;
  EXPECT_GT(Make().step(), metering.step());
}

TEST_F(Meters, NeverAsksForMoreThanTheAnswerMayBe) {
  question_.max_tokens = kFirstAnswer + 10;
  reserved_ = *EstimateLikely(question_, History(), PricesAtNoon());
  Metering metering = Make();
  metering.See(Streamed(kFirstAnswer - 1));
  const Amounts most = *AmountsOf(
      question_,
      [this] {
        pricing::Usage usage = reserved_.prompt;
        usage.output = kFirstAnswer + 10;
        return usage;
      }(),
      PricesAtNoon());
  EXPECT_LE(metering.InAll(Stride::kStep)[Unit::kTokens], most[Unit::kTokens]);
  metering.Extended(metering.InAll(Stride::kStep));
  metering.See(Streamed(kFirstAnswer + 10));
  EXPECT_FALSE(metering.wants_more());
}

TEST_F(Meters, WantsNothingOnceTheAnswerHasSaidWhyItStopped) {
  Metering metering = Make();
  dialect::AnswerFacts facts = Streamed(kFirstAnswer - 10);
  facts.stop_reason = "end_turn";
  metering.See(facts);
  EXPECT_FALSE(metering.wants_more());
}

TEST_F(Meters, LooksOnlyAtTheUnitsThatALimitCounts) {
  Metering neither = Make({});
  neither.See(Streamed(20'000));
  EXPECT_FALSE(neither.wants_more());
  Metering tokens = Make({.tokens = true});
  tokens.See(Streamed(20'000));
  EXPECT_TRUE(tokens.is_used_up());
}

TEST_F(Meters, IsNotThrownByAbsurdReports) {
  Metering metering = Make({.usd = true, .tokens = true});
  dialect::AnswerFacts facts = Streamed(10);
  facts.usage.output = INT64_MAX;
  facts.usage.input = INT64_MAX;
  metering.See(facts);
  EXPECT_TRUE(metering.is_used_up());
  metering.Extended(metering.InAll(Stride::kStep));
}

// Against the obvious way: after every piece, price everything anew and compare.
TEST_F(Meters, NeverLetsMorePassThanIsReservedButForOneEighthOfAStep) {
  Metering metering = Make();
  Amounts reserved = reserved_.amounts;
  for (int64_t tokens = 0; tokens < 12'000; tokens += 7) {
    metering.See(Streamed(tokens));
    pricing::Usage usage = reserved_.prompt;
    usage.output = tokens;
    const Amount cost = (*AmountsOf(question_, usage, PricesAtNoon()))[Unit::kUsd];
    if (!metering.is_used_up()) {
      EXPECT_LE(cost, reserved[Unit::kUsd] + Amount(metering.step() / 8 * 25'000 + 7 * 25'000)) << tokens;
    }
    if (metering.wants_more()) {
      reserved = metering.InAll(Stride::kStep);
      metering.Extended(reserved);
    }
    ASSERT_FALSE(metering.is_used_up()) << tokens;
  }
}

}  // namespace
}  // namespace postern::estimate
