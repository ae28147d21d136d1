#include "collector/intake/facts.h"

#include <limits>

#include <gtest/gtest.h>

namespace postern::intake {
namespace {

const Glance kIntent{.body = wire::Event::kIntent,
                     .wall_time = 5,
                     .organisation = "acme",
                     .team = "platform",
                     .user = "alice",
                     .key = "k7x2m9q4w8ab",
                     .model = "claude",
                     .session = "s1"};

TEST(Facts, AnIntentIsFoundByWhoAndWhat) {
  const store::EventFacts facts = FactsOf(kIntent, "laptop-17");
  EXPECT_EQ(facts.time, WallTime(std::chrono::nanoseconds(5)));
  EXPECT_EQ(facts.kind, "intent");
  EXPECT_EQ(facts.host, "laptop-17");
  EXPECT_EQ(facts.user, "alice");
  EXPECT_EQ(facts.team, "platform");
  EXPECT_EQ(facts.organisation, "acme");
  EXPECT_EQ(facts.key, "k7x2m9q4w8ab");
  EXPECT_EQ(facts.model, "claude");
  EXPECT_EQ(facts.session, "s1");
  EXPECT_EQ(facts.decision, store::Decision::kAllowed);
}

TEST(Facts, AnOutcomeIsFoundByItsIntent) {
  Glance outcome{.body = wire::Event::kOutcome, .ending = wire::ENDING_COMPLETE};
  const auto facts = FactsOfOutcome(outcome, "laptop-17", ExchangeFactsOf(kIntent));
  EXPECT_EQ(facts.kind, "outcome");
  EXPECT_EQ(facts.host, "laptop-17");
  EXPECT_EQ(facts.organisation, "acme");
  EXPECT_EQ(facts.team, "platform");
  EXPECT_EQ(facts.user, "alice");
  EXPECT_EQ(facts.key, "k7x2m9q4w8ab");
  EXPECT_EQ(facts.model, "claude");
  EXPECT_EQ(facts.session, "s1");
  EXPECT_EQ(facts.decision, store::Decision::kAllowed);
  outcome.ending = wire::ENDING_REFUSED_BY_POLICY;
  EXPECT_EQ(FactsOfOutcome(outcome, "laptop-17", {}).decision, store::Decision::kRefused);
  outcome.ending = wire::ENDING_REVOKED;
  EXPECT_EQ(FactsOfOutcome(outcome, "laptop-17", {}).decision, store::Decision::kRefused);
}

TEST(Facts, ARefusalIsFoundAsOne) {
  const Glance refusal{.body = wire::Event::kRefusal, .user = "alice", .model = "claude"};
  const auto facts = FactsOf(refusal, "laptop-17");
  EXPECT_EQ(facts.kind, "refusal");
  EXPECT_EQ(facts.user, "alice");
  EXPECT_EQ(facts.model, "claude");
  EXPECT_EQ(facts.decision, store::Decision::kRefused);
}

TEST(Facts, AKeysFirstUseIsFoundByTheKey) {
  const Glance used{.body = wire::Event::kKeyFirstUsed, .first_key = "k7x2m9q4w8ab"};
  EXPECT_EQ(FactsOf(used, "laptop-17").key, "k7x2m9q4w8ab");
  EXPECT_EQ(FactsOf(used, "laptop-17").decision, store::Decision::kNone);
}

TEST(Spending, IsWhatTheOutcomeSays) {
  const Glance outcome{.body = wire::Event::kOutcome,
                       .input = 1,
                       .output = 2,
                       .cache_read = 3,
                       .cache_write_5m = 4,
                       .cache_write_1h = 5,
                       .nano_dollars = 6};
  EXPECT_EQ(
      SpendingOf(outcome),
      (store::Spending{
          .requests = 1, .input = 1, .output = 2, .cache_read = 3, .cache_write = 9, .nano_dollars = 6}));
}

TEST(Spending, NoClaimIsNegativeOrBeyondBounds) {
  constexpr uint64_t kLargest = std::numeric_limits<uint64_t>::max();
  Glance outcome{.body = wire::Event::kOutcome,
                 .input = kLargest,
                 .cache_write_5m = kLargest,
                 .cache_write_1h = kLargest,
                 .nano_dollars = kLargest};  // which is −1
  EXPECT_EQ(SpendingOf(outcome).input, store::kMaxSpending);
  EXPECT_EQ(SpendingOf(outcome).cache_write, store::kMaxSpending);
  EXPECT_EQ(SpendingOf(outcome).nano_dollars, 0);
  outcome.nano_dollars = kLargest >> 1;
  EXPECT_EQ(SpendingOf(outcome).nano_dollars, static_cast<int64_t>(store::kMaxSpending));
}

}  // namespace
}  // namespace postern::intake
