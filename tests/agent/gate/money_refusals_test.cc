#include "agent/gate/money_refusals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/gate/cap_headers.h"

namespace postern::gate {
namespace {

using limits::Limit;
using limits::Scope;
using limits::Span;
using limits::Unit;
using Mode = agent::ClientConfig::Mode;
using purse::Verdict;
using testing::HasSubstr;
using testing::Not;

constexpr WallTime kNow{std::chrono::seconds(1'795'435'200)};  // 2026-11-23 16:00 UTC

Limit Budget() {
  return {.id = "ml-month",
          .scope = Scope::kTeam,
          .subject = "ml",
          .within = "",
          .unit = Unit::kUsd,
          .amount = Amount(500'000'000'000),
          .span = Span::kMonth,
          .raise = {}};
}

Limit Rate() {
  Limit limit = Budget();
  limit.id = "key-rate";
  limit.scope = Scope::kKey;
  limit.subject = "";
  limit.unit = Unit::kRequests;
  limit.amount = Amount(60);
  limit.span = Span::kMinute;
  return limit;
}

Limit Slots() {
  Limit limit = Rate();
  limit.id = "key-once";
  limit.unit = Unit::kConcurrent;
  limit.amount = Amount(4);
  return limit;
}

membership::LimitTerms Terms() {
  wire::TimeZone zone;
  zone.set_name("Europe/Berlin");
  zone.set_offset(3'600);
  membership::LimitTerms terms{.table = *limits::Table::Make({Budget(), Rate(), Slots()}, zone),
                               .messages = {{"ml-month", "Ask #ai-platform."}}};
  return terms;
}

class Says : public testing::Test {
 protected:
  MoneyGrounds Grounds(Mode mode = Mode::kPlain) const {
    return {.terms = terms_, .policy_version = 7, .now = kNow, .mode = mode};
  }

  static purse::Decision Exhausted(std::string account, std::chrono::seconds resets_in) {
    return {Verdict::kExhausted, std::move(account), kNow + resets_in};
  }

  static std::string Header(const Refusal& refusal, std::string_view name) {
    const http::Answer answer = Render(refusal, "req_1");
    for (const http::Header& header : answer.headers) {
      if (header.name == name) return std::string(header.value);
    }
    return "";
  }

  const membership::LimitTerms terms_ = Terms();
};

TEST_F(Says, WhichBudgetIsSpentWhenItBeginsAnewAndWhomToAsk) {
  const Refusal refusal = MoneyRefusal(Exhausted("ml-month", std::chrono::hours(179)), Grounds());
  EXPECT_EQ(refusal.sentence,
            "Your team's budget \"ml-month\" of $500 a month has too little left for this request. It begins "
            "anew on 2026-12-01 00:00 (Europe/Berlin). Ask #ai-platform.");
  EXPECT_EQ(StatusOf(refusal), 402);
  EXPECT_EQ(TypeOf(refusal.reason), "billing_error");
  EXPECT_EQ(Header(refusal, "x-should-retry"), "false");
  EXPECT_EQ(refusal.rule, "limits.ml-month");
  EXPECT_EQ(refusal.policy_version, 7U);
  EXPECT_EQ(refusal.account, "ml-month");
}

TEST_F(Says, HowMuchABudgetIsWithItsRaiseWhileThatLasts) {
  Limit raised = Budget();
  raised.raise = limits::Raise{Amount(50'000'000'000), kNow + std::chrono::hours(1)};
  EXPECT_THAT(Title(raised, kNow), HasSubstr("of $550"));
  EXPECT_THAT(Title(raised, kNow + std::chrono::hours(1)), HasSubstr("of $500"));
}

TEST_F(Says, AShortRateLimitSoThatTheClientWaitsAndGoesOn) {
  const Refusal refusal = MoneyRefusal(Exhausted("key-rate/k7", std::chrono::seconds(12)), Grounds());
  EXPECT_EQ(StatusOf(refusal), 429);
  EXPECT_EQ(TypeOf(refusal.reason), "rate_limit_error");
  EXPECT_EQ(Header(refusal, "retry-after"), "12");
  EXPECT_EQ(Header(refusal, "x-should-retry"), "");
  EXPECT_THAT(refusal.sentence, HasSubstr("Your key's limit \"key-rate\" of 60 requests a minute"));
}

TEST_F(Says, ALongRateLimitSoThatTheClientStops) {
  const Refusal refusal = MoneyRefusal(Exhausted("key-rate/k7", std::chrono::hours(5)), Grounds());
  EXPECT_EQ(StatusOf(refusal), 429);
  EXPECT_EQ(TypeOf(refusal.reason), "billing_error");
  EXPECT_EQ(Header(refusal, "retry-after"), "18000");
  EXPECT_EQ(Header(refusal, "x-should-retry"), "false");
}

TEST_F(Says, ThatABudgetGoesOnInAMomentWhereItsWindowIsNearlyOver) {
  const Refusal refusal = MoneyRefusal(Exhausted("ml-month", std::chrono::seconds(30)), Grounds());
  EXPECT_EQ(StatusOf(refusal), 429);
  EXPECT_EQ(Header(refusal, "retry-after"), "30");
}

TEST_F(Says, ThatOthersAreUnderWayWhereSlotsAreShort) {
  purse::Decision decision{Verdict::kExhausted, "key-once/k7", std::nullopt};
  const Refusal refusal = MoneyRefusal(decision, Grounds());
  EXPECT_EQ(StatusOf(refusal), 429);
  EXPECT_EQ(Header(refusal, "retry-after"), "5");
  EXPECT_THAT(refusal.sentence, HasSubstr("of 4 requests at once is reached"));
}

TEST_F(Says, OfflineThatItIsOffline) {
  MoneyGrounds grounds = Grounds();
  grounds.link = membership::Link::kAway;
  const Refusal refusal = MoneyRefusal({Verdict::kUnavailable, "", std::nullopt}, grounds);
  EXPECT_EQ(StatusOf(refusal), 402);
  EXPECT_EQ(TypeOf(refusal.reason), "billing_error");
  EXPECT_THAT(refusal.sentence, HasSubstr("can't be reached"));
  // Where it is only slow, the client comes again.
  EXPECT_EQ(StatusOf(MoneyRefusal({Verdict::kUnavailable, "", std::nullopt}, Grounds())), 429);
}

TEST_F(Says, InGatewayModeWhatTheVendorsGatewaySays) {
  const Refusal refusal =
      MoneyRefusal(Exhausted("ml-month", std::chrono::hours(24)), Grounds(Mode::kGateway));
  EXPECT_EQ(StatusOf(refusal), 429);
  EXPECT_EQ(TypeOf(refusal.reason), "billing_error");
  EXPECT_EQ(Header(refusal, "retry-after"), "86400");
  EXPECT_EQ(Header(refusal, "x-should-retry"), "false");
  EXPECT_EQ(Header(refusal, "anthropic-ratelimit-unified-status"), "rejected");
  EXPECT_EQ(Header(refusal, "anthropic-ratelimit-unified-overage-surpassed-threshold"), "1");
  EXPECT_EQ(Header(refusal, "anthropic-ratelimit-unified-overage-period"), "monthly");
  EXPECT_EQ(Header(refusal, "anthropic-ratelimit-unified-overage-disabled-reason"), "org_spend_cap_reached");
  EXPECT_EQ(Header(refusal, "anthropic-ratelimit-unified-reset"), "1795521600");
  // With these two the client drops our text.
  EXPECT_EQ(Header(refusal, "anthropic-ratelimit-unified-representative-claim"), "");
  EXPECT_EQ(Header(refusal, "anthropic-ratelimit-unified-overage-status"), "");
}

TEST_F(Says, AtACutThatTheAnswerWasEndedForItsBudget) {
  const Refusal cut = CutRefusal(Exhausted("ml-month", std::chrono::hours(24)), Grounds(Mode::kGateway));
  EXPECT_THAT(cut.sentence, HasSubstr("This answer was ended: Your team's budget \"ml-month\""));
  EXPECT_EQ(TypeOf(cut.reason), "billing_error");
  EXPECT_EQ(EndingOf(cut), wire::ENDING_BUDGET);
  // Not even where the window is nearly over may the client take it for something to try again.
  EXPECT_EQ(TypeOf(CutRefusal(Exhausted("ml-month", std::chrono::seconds(5)), Grounds()).reason),
            "billing_error");
  EXPECT_EQ(TypeOf(CutRefusal({Verdict::kUnavailable, "", std::nullopt}, Grounds()).reason), "billing_error");
}

TEST_F(Says, WhyWhatHasNoBoundIsRefusedByAStrictLimit) {
  const Refusal refusal = UnboundedRefusal(Budget(), "What a web search may cost has no bound", Grounds());
  EXPECT_EQ(StatusOf(refusal), 402);
  EXPECT_EQ(
      refusal.sentence,
      "What a web search may cost has no bound: Your team's budget \"ml-month\" of $500 a month refuses "
      "it. Ask #ai-platform.");
}

TEST_F(Says, NothingOfALimitThatIsNotThereAnyMore) {
  const Refusal refusal = MoneyRefusal(Exhausted("gone/alice", std::chrono::hours(24)), Grounds());
  EXPECT_EQ(StatusOf(refusal), 402);
  EXPECT_THAT(refusal.sentence, Not(HasSubstr("alice")));
}

std::string ValueOf(const std::vector<OwnedHeader>& headers, std::string_view name) {
  for (const OwnedHeader& header : headers) {
    if (header.name == "anthropic-ratelimit-unified-" + std::string(name)) return header.value;
  }
  return "";
}

TEST(CapHeaders, WarnAtThreeQuartersAndAtNineteenTwentieths) {
  purse::Fullness fullness;
  fullness.permille = 749;
  fullness.resets = WallTime(std::chrono::seconds(1'795'521'600));
  const auto calm = WarningHeaders(fullness);
  EXPECT_EQ(ValueOf(calm, "status"), "allowed");
  EXPECT_EQ(ValueOf(calm, "overage-status"), "allowed");
  EXPECT_EQ(ValueOf(calm, "representative-claim"), "overage");
  EXPECT_EQ(ValueOf(calm, "overage-utilization"), "0.74");
  EXPECT_EQ(ValueOf(calm, "overage-surpassed-threshold"), "");
  EXPECT_EQ(ValueOf(calm, "reset"), "1795521600");
  EXPECT_EQ(ValueOf(calm, "overage-reset"), "1795521600");
  fullness.permille = 750;
  EXPECT_EQ(ValueOf(WarningHeaders(fullness), "status"), "allowed_warning");
  EXPECT_EQ(ValueOf(WarningHeaders(fullness), "overage-surpassed-threshold"), "0.75");
  fullness.permille = 950;
  EXPECT_EQ(ValueOf(WarningHeaders(fullness), "overage-surpassed-threshold"), "0.95");
}

TEST(CapHeaders, NeverSayThatAllIsGoneWhileAnAnswerIsLetThrough) {
  purse::Fullness fullness;
  fullness.permille = 1'000;
  EXPECT_EQ(ValueOf(WarningHeaders(fullness), "overage-utilization"), "0.99");
  fullness.permille = 50;
  EXPECT_EQ(ValueOf(WarningHeaders(fullness), "overage-utilization"), "0.05");
}

TEST(CapHeaders, KnowTheProvidersOwn) {
  EXPECT_TRUE(IsRateLimitHeader("Anthropic-RateLimit-Requests-Remaining"));
  EXPECT_TRUE(IsRateLimitHeader("anthropic-ratelimit-unified-status"));
  EXPECT_FALSE(IsRateLimitHeader("anthropic-organization-id"));
}

}  // namespace
}  // namespace postern::gate
