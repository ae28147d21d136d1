#include "collector/intake/facts.h"

#include <limits>

#include <gtest/gtest.h>

namespace postern::intake {
namespace {

wire::Event SomeIntent() {
  wire::Event event;
  event.set_wall_time(5);
  wire::Intent& intent = *event.mutable_intent();
  intent.mutable_principal()->set_user("alice");
  intent.mutable_principal()->set_team("platform");
  intent.mutable_principal()->set_organisation("acme");
  intent.mutable_principal()->set_key_id("k7x2m9q4w8ab");
  intent.set_model("claude");
  intent.set_session("s1");
  return event;
}

TEST(Facts, AnIntentIsFoundByWhoAndWhat) {
  const store::EventFacts facts = FactsOf(SomeIntent(), "laptop-17");
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
  wire::Event outcome;
  outcome.mutable_outcome()->set_ending(wire::ENDING_COMPLETE);
  const auto facts = FactsOfOutcome(outcome, "laptop-17", FactsOf(SomeIntent().intent()));
  EXPECT_EQ(facts.kind, "outcome");
  EXPECT_EQ(facts.user, "alice");
  EXPECT_EQ(facts.model, "claude");
  EXPECT_EQ(facts.session, "s1");
  EXPECT_EQ(facts.decision, store::Decision::kAllowed);
  outcome.mutable_outcome()->set_ending(wire::ENDING_REFUSED_BY_POLICY);
  EXPECT_EQ(FactsOfOutcome(outcome, "laptop-17", {}).decision, store::Decision::kRefused);
}

TEST(Facts, ARefusalIsFoundAsOne) {
  wire::Event refusal;
  refusal.mutable_refusal()->mutable_principal()->set_user("alice");
  refusal.mutable_refusal()->set_model("claude");
  const auto facts = FactsOf(refusal, "laptop-17");
  EXPECT_EQ(facts.kind, "refusal");
  EXPECT_EQ(facts.user, "alice");
  EXPECT_EQ(facts.decision, store::Decision::kRefused);
}

TEST(Facts, AKeysFirstUseIsFoundByTheKey) {
  wire::Event used;
  used.mutable_key_first_used()->set_key_id("k7x2m9q4w8ab");
  EXPECT_EQ(FactsOf(used, "laptop-17").key, "k7x2m9q4w8ab");
}

TEST(Spending, IsWhatTheOutcomeSays) {
  wire::Outcome outcome;
  outcome.mutable_usage()->set_input(1);
  outcome.mutable_usage()->set_output(2);
  outcome.mutable_usage()->set_cache_read(3);
  outcome.mutable_usage()->set_cache_write_5m(4);
  outcome.mutable_usage()->set_cache_write_1h(5);
  outcome.set_cost_nano_dollars(6);
  EXPECT_EQ(
      SpendingOf(outcome),
      (store::Spending{
          .requests = 1, .input = 1, .output = 2, .cache_read = 3, .cache_write = 9, .nano_dollars = 6}));
}

TEST(Spending, NoClaimIsNegativeOrBeyondBounds) {
  wire::Outcome outcome;
  outcome.mutable_usage()->set_input(std::numeric_limits<uint64_t>::max());
  outcome.mutable_usage()->set_cache_write_5m(std::numeric_limits<uint64_t>::max());
  outcome.mutable_usage()->set_cache_write_1h(std::numeric_limits<uint64_t>::max());
  outcome.set_cost_nano_dollars(-1);
  EXPECT_EQ(SpendingOf(outcome).input, store::kMaxSpending);
  EXPECT_EQ(SpendingOf(outcome).cache_write, store::kMaxSpending);
  EXPECT_EQ(SpendingOf(outcome).nano_dollars, 0);
  outcome.set_cost_nano_dollars(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(SpendingOf(outcome).nano_dollars, static_cast<int64_t>(store::kMaxSpending));
}

}  // namespace
}  // namespace postern::intake
