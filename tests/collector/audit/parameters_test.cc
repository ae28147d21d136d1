#include "collector/audit/parameters.h"

#include <gtest/gtest.h>

namespace postern::audit {
namespace {

const WallTime kNow{std::chrono::seconds(1'700'000'000)};

std::string EventError(const Parameters& parameters) {
  const auto query = ParseEventQuery(parameters);
  return query ? "" : query.error().message;
}

TEST(Parameters, WithoutAnyAPageOfTheNewestIsAskedFor) {
  const EventQuery query = *ParseEventQuery({});
  EXPECT_EQ(query.limit, 100u);
  EXPECT_EQ(query.filter.order, store::Order::kNewestFirst);
  EXPECT_FALSE(query.follows || query.cursor || query.filter.from || query.filter.user);
}

TEST(Parameters, EachFilterIsRead) {
  const EventQuery query = *ParseEventQuery({{"from", "2023-11-14T22:13:20Z"},
                                             {"to", "2023-11-15"},
                                             {"organisation", "org"},
                                             {"team", "t"},
                                             {"user", "u"},
                                             {"key", "k"},
                                             {"model", "m"},
                                             {"host", "h"},
                                             {"session", "s"},
                                             {"kind", "intent"},
                                             {"agent", "collector"},
                                             {"decision", "refused"},
                                             {"limit", "7"},
                                             {"cursor", "c"}});
  EXPECT_EQ(query.filter.from, kNow);
  EXPECT_EQ(query.filter.to, WallTime(std::chrono::sys_days(std::chrono::days(19676))));
  EXPECT_EQ(query.filter.organisation, "org");
  EXPECT_EQ(query.filter.team, "t");
  EXPECT_EQ(query.filter.user, "u");
  EXPECT_EQ(query.filter.key, "k");
  EXPECT_EQ(query.filter.model, "m");
  EXPECT_EQ(query.filter.host, "h");
  EXPECT_EQ(query.filter.session, "s");
  EXPECT_EQ(query.filter.kind, "intent");
  EXPECT_EQ(query.filter.agent, "collector");
  EXPECT_EQ(query.filter.decision, store::Decision::kRefused);
  EXPECT_EQ(query.limit, 7u);
  EXPECT_EQ(query.cursor, "c");
}

TEST(Parameters, WhatFollowsAPlaceComesTheOldestFirst) {
  const EventQuery from_start = *ParseEventQuery({{"after", "-1"}, {"wait", "25"}});
  EXPECT_TRUE(from_start.follows);
  EXPECT_FALSE(from_start.filter.after);
  EXPECT_EQ(from_start.wait, std::chrono::seconds(25));
  const EventQuery later = *ParseEventQuery({{"after", "0"}});
  EXPECT_EQ(later.filter.after, store::Leaf{0});
  EXPECT_EQ(later.filter.order, store::Order::kOldestFirst);
}

TEST(Parameters, AWrongOneIsNamed) {
  EXPECT_EQ(EventError({{"usr", "x"}}).substr(0, 50), "the parameter \"usr\" is not known here; known are: ");
  EXPECT_EQ(EventError({{"user", "x"}, {"user", "y"}}), "the parameter \"user\" is given twice");
  EXPECT_EQ(EventError({{"user", ""}}), "the parameter \"user\" is empty");
  EXPECT_EQ(EventError({{"limit", "0"}}), "the parameter \"limit\" must be a whole number from 1 to 1000");
  EXPECT_NE(EventError({{"limit", "1001"}}), "");
  EXPECT_NE(EventError({{"limit", "1x"}}), "");
  EXPECT_NE(EventError({{"after", "-2"}}), "");
  EXPECT_NE(EventError({{"after", "1"}, {"wait", "61"}}), "");
  EXPECT_NE(EventError({{"wait", "1"}}), "");
  EXPECT_NE(EventError({{"from", "yesterday"}}), "");
  EXPECT_NE(EventError({{"decision", "maybe"}}), "");
}

TEST(Parameters, UsageIsOfThirtyDaysUnlessSaidOtherwise) {
  const UsageQuery query = *ParseUsageQuery({}, kNow);
  EXPECT_EQ(query.sums.to, kNow);
  EXPECT_EQ(query.sums.from, kNow - std::chrono::days(30));
  EXPECT_TRUE(query.by.empty());
  const UsageQuery day = *ParseUsageQuery({{"by", "user,day"}, {"to", "2023-11-01"}, {"team", "t"}}, kNow);
  EXPECT_EQ(day.by, (std::vector<std::string>{"user", "day"}));
  EXPECT_EQ(day.sums.by, (std::vector<store::Dimension>{store::Dimension::kUser, store::Dimension::kDay}));
  EXPECT_EQ(day.sums.to - day.sums.from, std::chrono::days(30));
  EXPECT_EQ(day.sums.filter.team, "t");
}

TEST(Parameters, UsageKnowsOnlyWhatSumsKnow) {
  EXPECT_FALSE(ParseUsageQuery({{"session", "s"}}, kNow));
  EXPECT_FALSE(ParseUsageQuery({{"kind", "outcome"}}, kNow));
  EXPECT_FALSE(ParseUsageQuery({{"by", "colour"}}, kNow));
  EXPECT_FALSE(ParseUsageQuery({{"by", "user,user"}}, kNow));
  EXPECT_FALSE(ParseUsageQuery({{"by", ",user"}}, kNow));
  EXPECT_FALSE(ParseUsageQuery({{"from", "2023-11-14"}, {"to", "2023-11-13"}}, kNow));
}

TEST(Parameters, AListKnowsItsPageAndWhatItIsTold) {
  const ListQuery query = *ParseListQuery({{"limit", "5"}, {"cursor", "c"}, {"user", "u"}}, {"user", "team"});
  EXPECT_EQ(query.limit, 5u);
  EXPECT_EQ(query.cursor, "c");
  EXPECT_EQ(query.values.at("user"), "u");
  EXPECT_EQ(query.values.count("team"), 0u);
  EXPECT_FALSE(ParseListQuery({{"user", "u"}}, {"team"}));
  EXPECT_FALSE(ParseListQuery({{"limit", "x"}}, {}));
}

}  // namespace
}  // namespace postern::audit
