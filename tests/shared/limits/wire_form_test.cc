#include "shared/limits/wire_form.h"

#include <gtest/gtest.h>

#include "shared/limits/policy_limits.h"
#include "shared/wire/conversation.h"

namespace postern::limits {
namespace {

const Window kHour{WallTime(std::chrono::hours(1)), WallTime(std::chrono::hours(2))};

TEST(WireForm, ADemandComesBackAsItWas) {
  const Demand demand{.number = 7,
                      .at = WallTime(std::chrono::seconds(9)),
                      .claims = {{.account = "each-day/alice",
                                  .window = kHour,
                                  .amount = Amount(5),
                                  .spare = Amount(2),
                                  .granted = Amount(11),
                                  .returned = Amount(3),
                                  .ahead = Amount(4)},
                                 {.account = "slots"}}};
  wire::FromAgent message;
  *message.mutable_demand() = ToWire(demand, 17);
  const auto frame = wire::Encode(std::move(message));
  ASSERT_TRUE(frame);
  const auto read = wire::DecodeFromAgent(*frame);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->demand().incarnation(), 17u);
  const Demand back = FromWire(read->demand());
  EXPECT_EQ(back.number, 7u);
  EXPECT_EQ(back.at, demand.at);
  ASSERT_EQ(back.claims.size(), 2u);
  const Claim& claim = back.claims[0];
  EXPECT_EQ(claim.account, "each-day/alice");
  EXPECT_EQ(claim.window, kHour);
  EXPECT_EQ(claim.amount, Amount(5));
  EXPECT_EQ(claim.spare, Amount(2));
  EXPECT_EQ(claim.granted, Amount(11));
  EXPECT_EQ(claim.returned, Amount(3));
  EXPECT_EQ(claim.ahead, Amount(4));
  EXPECT_FALSE(back.claims[1].window);
}

TEST(WireForm, AReturnComesBackAsItWas) {
  const Return returned{
      .recall = 3,
      .held = {{"slots", kAlways, {.granted = Amount(4), .used = Amount(1), .returned = Amount(2)}}}};
  const wire::Return wire = ToWire(returned, 5);
  EXPECT_EQ(wire.incarnation(), 5u);
  const Return back = FromWire(wire);
  EXPECT_EQ(back.recall, 3u);
  ASSERT_EQ(back.held.size(), 1u);
  EXPECT_EQ(back.held[0].account, "slots");
  EXPECT_EQ(back.held[0].window, kAlways);
  EXPECT_EQ(back.held[0].counters, returned.held[0].counters);
}

TEST(WireForm, AnAnswerComesBackAsItWas) {
  for (const Word word : {Word::kGranted, Word::kDenied, Word::kRecall}) {
    const Answer answer{.word = word,
                        .number = 8,
                        .heard = WallTime(std::chrono::seconds(4)),
                        .standings = {{.account = "a",
                                       .window = kHour,
                                       .granted = Amount(9),
                                       .returned = Amount(1),
                                       .used = Amount(2),
                                       .left = Amount(-3)}},
                        .lacking = "a"};
    const auto back = FromWire(ToWire(answer, 1));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->word, word);
    EXPECT_EQ(back->number, 8u);
    EXPECT_EQ(back->heard, answer.heard);
    EXPECT_EQ(back->lacking, "a");
    ASSERT_EQ(back->standings.size(), 1u);
    EXPECT_EQ(back->standings[0].window, kHour);
    EXPECT_EQ(back->standings[0].granted, Amount(9));
    EXPECT_EQ(back->standings[0].returned, Amount(1));
    EXPECT_EQ(back->standings[0].used, Amount(2));
    EXPECT_EQ(back->standings[0].left, Amount(-3));
  }
}

TEST(WireForm, AWordThatNobodyKnowsIsNoAnswer) {
  wire::Grant grant = ToWire(Answer{}, 1);
  grant.set_word(static_cast<wire::GrantWord>(99));
  EXPECT_FALSE(FromWire(grant));
  grant.set_word(wire::GRANT_NONE);
  EXPECT_FALSE(FromWire(grant));
}

TEST(WireForm, AChargeComesBackAsItWas) {
  const Charge back = FromWire(ToWire(Charge{
      .account = "a", .window = kHour, .amount = Amount(1), .reserved = Amount(2), .used = Amount(3)}));
  EXPECT_EQ(back.account, "a");
  EXPECT_EQ(back.window, kHour);
  EXPECT_EQ(back.amount, Amount(1));
  EXPECT_EQ(back.reserved, Amount(2));
  EXPECT_EQ(back.used, Amount(3));
}

TEST(PolicyLimits, AreReadWithEverythingThatTheySay) {
  wire::Policy policy;
  wire::PolicyLimit& limit = *policy.add_limits();
  limit.set_id("ml-month");
  limit.set_scope(wire::LIMIT_SCOPE_TEAM);
  limit.set_subject("ml");
  limit.set_unit(wire::LIMIT_UNIT_TOKENS);
  limit.set_amount(500);
  limit.set_span(wire::LIMIT_SPAN_WEEK);
  limit.set_rolling(true);
  limit.set_strict(true);
  limit.set_raise(10);
  limit.set_raise_until(60);
  const auto table = TableOf(policy);
  ASSERT_TRUE(table);
  const Limit expected{.id = "ml-month",
                       .scope = Scope::kTeam,
                       .subject = "ml",
                       .within = "",
                       .unit = Unit::kTokens,
                       .amount = Amount(500),
                       .span = Span::kWeek,
                       .frame = Frame::kRolling,
                       .admission = Admission::kStrict,
                       .raise = Raise{Amount(10), WallTime(std::chrono::seconds(60))}};
  ASSERT_EQ(table->limits().size(), 1u);
  EXPECT_EQ(table->limits()[0], expected);
}

TEST(PolicyLimits, WhatIsNotUnderstoodIsNotPassedOver) {
  const auto with = [](auto change) {
    wire::Policy policy;
    wire::PolicyLimit& limit = *policy.add_limits();
    limit.set_id("a");
    change(limit);
    return TableOf(policy).has_value();
  };
  EXPECT_TRUE(with([](wire::PolicyLimit&) {}));
  EXPECT_FALSE(with([](wire::PolicyLimit& limit) { limit.set_scope(static_cast<wire::LimitScope>(8)); }));
  EXPECT_FALSE(with([](wire::PolicyLimit& limit) { limit.set_unit(static_cast<wire::LimitUnit>(4)); }));
  EXPECT_FALSE(with([](wire::PolicyLimit& limit) { limit.set_span(static_cast<wire::LimitSpan>(6)); }));
  EXPECT_FALSE(with([](wire::PolicyLimit& limit) { limit.set_span(static_cast<wire::LimitSpan>(-1)); }));
}

}  // namespace
}  // namespace postern::limits
