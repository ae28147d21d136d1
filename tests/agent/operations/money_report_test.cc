#include "agent/operations/money_report.h"

#include <gtest/gtest.h>

namespace postern::operations {
namespace {

constexpr WallTime kEnd{std::chrono::seconds(1'796'083'200)};

membership::LimitTerms Terms() {
  limits::Limit limit{.id = "each-day",
                      .scope = limits::Scope::kUser,
                      .subject = "",
                      .within = "",
                      .unit = limits::Unit::kUsd,
                      .amount = Amount(1),
                      .raise = {}};
  return {*limits::Table::Make({limit}, policy::Utc()), {}, 0, 0};
}

purse::Balance Ada() {
  return {"each-day/ada",
          {kEnd - std::chrono::hours(24), kEnd},
          {Amount(12'500'000'000), Amount(1'000'000'001), Amount(500'000'000)},
          Amount(90'000'000),
          Amount(10'909'999'999),
          Amount(70'000'000'000)};
}

TEST(MoneyReport, ShowsDollarsOfEachAccountToTheLastNanoDollar) {
  const membership::LimitTerms terms = Terms();
  EXPECT_EQ(
      MoneyMembers({{Ada()}, 1, &terms}),
      R"(,"exchanges_paid_for":1,"extensions_granted":0,"extensions_refused":0,"limits":[{"account":"each-day/ada","unit":"usd","held":12.00,)"
      R"("used":1.000000001,"reserved":0.09,"spare":10.909999999,"left_at_collector":70.00,)"
      R"("until":"2026-12-01T00:00:00.000000000Z"}])");
}

TEST(MoneyReport, AnAccountWhoseLimitIsGoneIsShownInItsOwnUnit) {
  EXPECT_NE(MoneyMembers({{Ada()}, 0, nullptr}).find(R"("used":1000000001)"), std::string::npos);
}

TEST(MoneyReport, SlotsHaveNoEnd) {
  purse::Balance slots = Ada();
  slots.window = limits::kAlways;
  slots.left.reset();
  const std::string members = MoneyMembers({{slots}, 0, nullptr});
  EXPECT_EQ(members.find("until"), std::string::npos);
  EXPECT_EQ(members.find("left"), std::string::npos);
}

TEST(MoneyReport, TellsWhatBecameOfExtensions) {
  const gate::ExtensionCounts extensions{.granted = 5,
                                         .exhausted = 2,
                                         .unavailable = 1,
                                         .nano_dollars = Amount(1'500'000'000),
                                         .tokens = Amount(70)};
  EXPECT_NE(
      MoneyMembers({{}, 0, nullptr, extensions}).find(R"("extensions_granted":5,"extensions_refused":3,)"),
      std::string::npos);
  std::string metrics;
  AppendMoneyMetrics(metrics, {{}, 0, nullptr, extensions});
  for (const char* const line :
       {"postern_extensions_total{result=\"granted\"} 5\n",
        "postern_extensions_total{result=\"exhausted\"} 2\n",
        "postern_extensions_total{result=\"unavailable\"} 1\n", "postern_extended_dollars_total 1.5\n",
        "postern_extended_tokens_total 70\n"})
    EXPECT_NE(metrics.find(line), std::string::npos) << line;
}

TEST(MoneyReport, MetricsNameNobody) {
  std::string metrics;
  AppendMoneyMetrics(metrics, {{Ada()}, 3, nullptr});
  EXPECT_EQ(metrics.find("ada"), std::string::npos);
  EXPECT_NE(metrics.find("postern_wallet_exchanges 3"), std::string::npos);
}

}  // namespace
}  // namespace postern::operations
