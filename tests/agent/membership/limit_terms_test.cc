#include "agent/membership/limit_terms.h"

#include <gtest/gtest.h>

namespace postern::membership {
namespace {

wire::Policy WithLimits() {
  wire::Policy policy;
  policy.mutable_time_zone()->set_name("UTC");
  wire::PolicyLimit& month = *policy.add_limits();
  month.set_id("team-month");
  month.set_scope(wire::LIMIT_SCOPE_TEAM);
  month.set_subject("ml");
  month.set_amount(500'000'000'000);
  month.set_span(wire::LIMIT_SPAN_MONTH);
  month.set_message("Ask #ai-platform.");
  wire::PolicyLimit& day = *policy.add_limits();
  day.set_id("each-day");
  day.set_scope(wire::LIMIT_SCOPE_USER);
  day.set_amount(100'000'000'000);
  day.set_span(wire::LIMIT_SPAN_DAY);
  policy.mutable_caps()->set_web_searches(3);
  policy.mutable_caps()->set_file_tokens(50'000);
  return policy;
}

TEST(LimitTerms, AreTheLimitsWithTheirMessagesAndWhatStrictnessMayCountOn) {
  const auto terms = LimitTermsOf(WithLimits());
  ASSERT_TRUE(terms);
  ASSERT_NE(*terms, nullptr);
  ASSERT_NE((*terms)->table.Find("team-month"), nullptr);
  EXPECT_EQ((*terms)->table.Find("team-month")->subject, "ml");
  EXPECT_EQ((*terms)->messages.size(), 1U);
  EXPECT_EQ((*terms)->messages.at("team-month"), "Ask #ai-platform.");
  EXPECT_EQ((*terms)->web_searches, 3U);
  EXPECT_EQ((*terms)->file_tokens, 50'000U);
}

TEST(LimitTerms, AreNoneWhereThePolicyHasNone) {
  const auto terms = LimitTermsOf(wire::Policy());
  ASSERT_TRUE(terms);
  EXPECT_EQ(*terms, nullptr);
}

TEST(LimitTerms, AreNotMadeOfALimitThatIsNotUnderstood) {
  wire::Policy policy = WithLimits();
  policy.mutable_limits(0)->set_unit(static_cast<wire::LimitUnit>(17));
  EXPECT_EQ(LimitTermsOf(policy).error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace postern::membership
