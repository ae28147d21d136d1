// How much is granted, and of which window.
#include <chrono>

#include <gtest/gtest.h>

#include "tests/collector/ledger/ledgers.h"

namespace postern::ledger {
namespace {

using limits::Word;
using std::chrono::minutes;
using std::chrono::seconds;

limits::Demand Ahead(uint64_t number, WallTime at, int64_t amount, int64_t ahead) {
  limits::Demand demand = Want(number, "usd", amount);
  demand.at = at;
  demand.claims[0].ahead = Amount(ahead);
  return demand;
}

TEST(Granting, AheadOfNeedNobodyGetsMoreThanItsShareOfHalfOfWhatIsLeft) {
  Ledger ledger({}, Limits(100));
  Output output;
  ledger.Receive(kA, Ahead(1, kNow, 10, 1'000), kNow, output);
  // Ninety are left, of which half is shared by this one and another that may come.
  EXPECT_EQ(output.messages.at(0).answer.standings[0].granted, Amount(10 + 22));
  output.Clear();
  ledger.Receive(kB, Ahead(1, kNow, 0, 5), kNow, output);
  EXPECT_EQ(output.messages.at(0).answer.standings[0].granted, Amount(5)) << "and no more than was asked for";
}

TEST(Granting, OfTheNextWindowAtMostTheAllowanceIsGrantedAhead) {
  Ledger ledger({}, Limits(10'000));
  Output output;
  const WallTime soon = kToday.end - minutes(1);
  ledger.Receive(kA, Ahead(1, kToday.end, 0, 4'000), soon, output);
  const limits::Standing first = output.messages.at(0).answer.standings[0];
  EXPECT_EQ(first.window.begin, kToday.end);
  EXPECT_EQ(first.granted, Amount(1'000)) << "a tenth of the limit";
  output.Clear();
  ledger.SetAhead(250);
  ledger.Receive(kA, Ahead(2, kToday.end, 0, 4'000), soon, output);
  EXPECT_EQ(output.messages.at(0).answer.standings[0].granted, Amount(2'500)) << "a quarter in all";
}

TEST(Granting, TheAllowanceOfASmallLimitIsItsShareToo) {
  Ledger ledger({}, Limits(60));
  Output output;
  ledger.Receive(kA, Ahead(1, kToday.end, 0, 40), kToday.end - minutes(1), output);
  EXPECT_EQ(output.messages.at(0).answer.standings[0].granted, Amount(6));
}

TEST(Granting, WhatAnEarlierOneLacksIsKeptForItOrTheSmallWouldStarveTheLarge) {
  const Holder other{"c", 1};
  Ledger ledger({}, Limits(10));
  Output output;
  ledger.Receive(kA, Want(1, "usd", 7), kNow, output);
  ledger.Receive(kB, Want(1, "usd", 5), kNow, output);
  const uint64_t recall = output.messages.back().answer.number;
  output.Clear();
  ledger.Receive(other, Want(1, "usd", 2), kNow, output);
  EXPECT_TRUE(output.messages.empty()) << "three are left, and five are wanted by who came first";
  ledger.Receive(kA, {recall, {{"usd", kToday, {Amount(7), {}, Amount(2)}}}}, kNow, output);
  ASSERT_FALSE(output.messages.empty());
  EXPECT_EQ(output.messages[0].to, kB);
  EXPECT_EQ(output.messages[0].answer.word, Word::kGranted);
}

TEST(Granting, ARollingWindowBeginsWithTheFirstGrantAndIsThenFixed) {
  limits::Limit limit = limits::DayLimit("usd", limits::Unit::kUsd, 10);
  limit.frame = limits::Frame::kRolling;
  limit.span = limits::Span::kHour;
  Ledger ledger({}, limits::TableOf({limit}));
  Output output;
  const auto window_at = [&](uint64_t number, WallTime now) {
    output.Clear();
    limits::Demand demand = Want(number, "usd", 1);
    demand.at = now;
    ledger.Receive(kA, demand, now, output);
    return output.messages.at(0).answer.standings[0].window;
  };
  const WallTime first = kNow + seconds(17);
  EXPECT_EQ(window_at(1, first), (limits::Window{first, first + minutes(60)}));
  EXPECT_EQ(window_at(2, first + minutes(59)), (limits::Window{first, first + minutes(60)}));
  const WallTime second = first + minutes(61);
  EXPECT_EQ(window_at(3, second), (limits::Window{second, second + minutes(60)}));
  // It becomes one of a minute, which counts anew.
  limit.span = limits::Span::kMinute;
  ledger.SetLimits(limits::TableOf({limit}), second, output);
  const WallTime third = second + minutes(2);
  EXPECT_EQ(window_at(4, third), (limits::Window{third, third + minutes(1)}));
}

}  // namespace
}  // namespace postern::ledger
