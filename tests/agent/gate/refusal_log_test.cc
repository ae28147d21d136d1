#include "agent/gate/refusal_log.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace postern::gate {
namespace {

using std::chrono::seconds;

wire::Event Refused(const std::string& reason, const std::string& model = "", uint32_t uid = 1000) {
  wire::Event event;
  wire::Refusal& refusal = *event.mutable_refusal();
  refusal.set_reason(reason);
  refusal.set_model(model);
  refusal.mutable_os_user()->set_known(true);
  refusal.mutable_os_user()->set_uid(uid);
  return event;
}

class RefusalLogTest : public testing::Test {
 protected:
  bool IsRecordedNow(wire::Event event) { return log_.Take(std::move(event), now_, wall_).has_value(); }
  void Pass(std::chrono::nanoseconds time) {
    now_ += time;
    wall_ += time;
  }

  RefusalLog log_;
  BootTime now_{seconds(100)};
  WallTime wall_{seconds(1'000'000)};
};

TEST_F(RefusalLogTest, TheFirstOfItsKindIsRecordedAsItIs) {
  const auto recorded = log_.Take(Refused("no_key"), now_, wall_);
  ASSERT_TRUE(recorded);
  EXPECT_EQ(recorded->refusal().times(), 0u);
  EXPECT_TRUE(IsRecordedNow(Refused("unknown_model", "a")));
  EXPECT_TRUE(IsRecordedNow(Refused("unknown_model", "b")));
  EXPECT_TRUE(IsRecordedNow(Refused("no_key", "", 1001)));
}

TEST_F(RefusalLogTest, OfThePolicysRefusalsTheRepeatIsCountedAndAnotherRuleIsNot) {
  wire::Event by_rule = Refused("policy_tool", "m");
  by_rule.mutable_refusal()->set_rule("teams.ml.tools.deny[0]");
  EXPECT_TRUE(IsRecordedNow(by_rule));
  // The client's second try, without streaming, is the same again.
  EXPECT_FALSE(IsRecordedNow(by_rule));
  wire::Event by_another = by_rule;
  by_another.mutable_refusal()->set_rule("organisation.tools.deny[3]");
  EXPECT_TRUE(IsRecordedNow(by_another));
  Pass(RefusalLog::kFirstPause);
  const auto told = log_.TakeDue(now_);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].refusal().rule(), "teams.ml.tools.deny[0]");
}

TEST_F(RefusalLogTest, ManyAlikeAreOneEventThatCountsThem) {
  EXPECT_TRUE(IsRecordedNow(Refused("no_key")));
  const int64_t first = wall_.time_since_epoch().count();
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(IsRecordedNow(Refused("no_key")));
  EXPECT_TRUE(log_.TakeDue(now_).empty());
  Pass(RefusalLog::kFirstPause);
  wire::Event last = Refused("no_key");
  last.mutable_refusal()->set_peer("the last one");
  EXPECT_FALSE(log_.Take(last, now_, wall_));
  ASSERT_EQ(log_.next_due(), now_);
  const auto due = log_.TakeDue(now_);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].refusal().times(), 1001u);
  EXPECT_EQ(due[0].refusal().first_wall_time(), first);
  EXPECT_EQ(due[0].refusal().last_wall_time(), wall_.time_since_epoch().count());
  EXPECT_EQ(due[0].refusal().peer(), "the last one");
}

TEST_F(RefusalLogTest, OneMoreIsAnOrdinaryEventWithItsOwnTime) {
  EXPECT_TRUE(IsRecordedNow(Refused("no_key")));
  EXPECT_FALSE(IsRecordedNow(Refused("no_key")));
  const int64_t then = wall_.time_since_epoch().count();
  Pass(RefusalLog::kFirstPause);
  const auto due = log_.TakeDue(now_);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].refusal().times(), 0u);
  EXPECT_EQ(due[0].wall_time(), then);
}

TEST_F(RefusalLogTest, WhatLastsIsToldLessAndLessOften) {
  EXPECT_TRUE(IsRecordedNow(Refused("no_key")));
  std::chrono::nanoseconds longest{};
  size_t events = 0;
  BootTime told = now_;
  const BootTime end = now_ + std::chrono::hours(1);
  while (now_ < end) {
    EXPECT_FALSE(IsRecordedNow(Refused("no_key")));
    Pass(seconds(1));
    for (size_t due = log_.TakeDue(now_).size(); due > 0; --due) {
      ++events;
      longest = std::max(longest, now_ - told);
      told = now_;
    }
  }
  EXPECT_LT(events, 70u);
  EXPECT_LE(longest, RefusalLog::kLongestPause + seconds(1));
}

TEST_F(RefusalLogTest, WhatHasStoppedIsForgotten) {
  EXPECT_TRUE(IsRecordedNow(Refused("no_key")));
  Pass(RefusalLog::kFirstPause);
  EXPECT_TRUE(log_.TakeDue(now_).empty());
  EXPECT_FALSE(log_.next_due());
  EXPECT_TRUE(IsRecordedNow(Refused("no_key")));
}

TEST_F(RefusalLogTest, AClientThatVariesWhatItAsksForCannotFillTheRecord) {
  size_t events = 0;
  for (int i = 0; i < 100'000; ++i) events += IsRecordedNow(Refused("unknown_model", std::to_string(i)));
  EXPECT_EQ(events, RefusalLog::kMostKinds + 1);
  Pass(RefusalLog::kFirstPause);
  const auto due = log_.TakeDue(now_);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].refusal().times(), 100'000 - RefusalLog::kMostKinds - 1);
  EXPECT_TRUE(IsRecordedNow(Refused("unknown_model", "again"))) << "there is room for kinds again";
}

TEST_F(RefusalLogTest, AtTheEndAllThatIsCountedIsTold) {
  EXPECT_TRUE(IsRecordedNow(Refused("no_key")));
  EXPECT_FALSE(IsRecordedNow(Refused("no_key")));
  EXPECT_FALSE(IsRecordedNow(Refused("no_key")));
  const auto rest = log_.TakeAll();
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].refusal().times(), 2u);
  EXPECT_TRUE(log_.TakeAll().empty());
}

}  // namespace
}  // namespace postern::gate
