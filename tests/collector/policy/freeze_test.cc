#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/collector/policy/desk.h"

namespace postern::policies {
namespace {

class FreezeTest : public Desk {};

TEST_F(FreezeTest, NothingIsFrozenAtFirst) {
  const auto freeze = policies->Freezing();
  ASSERT_TRUE(freeze);
  EXPECT_FALSE(freeze->frozen());
  EXPECT_EQ(freeze->revision(), 0u);
}

TEST_F(FreezeTest, AFreezeIsOrderedRecordedAndTold) {
  const uint64_t before = house.directory->revision();
  const auto frozen = policies->Freeze(house.actor, "Leaked key; ask Ada.");
  ASSERT_TRUE(frozen) << frozen.error().message;
  EXPECT_TRUE(frozen->frozen());
  EXPECT_EQ(frozen->revision(), before + 1);
  EXPECT_EQ(frozen->since(), directory::kNow);
  EXPECT_EQ(told, 1);
  EXPECT_EQ(house.LastAct(), "freeze done  Leaked key; ask Ada.");
  Open();
  EXPECT_EQ(policies->Freezing()->SerializeAsString(), frozen->SerializeAsString());
  house.now = directory::kNow + 60;
  const auto thawed = policies->Thaw(house.actor);
  ASSERT_TRUE(thawed);
  EXPECT_FALSE(thawed->frozen());
  EXPECT_EQ(thawed->revision(), before + 2);
  EXPECT_EQ(thawed->since(), directory::kNow + 60);
  EXPECT_EQ(house.LastAct(), "thaw done  ");
  EXPECT_EQ(told, 2);
}

TEST_F(FreezeTest, AnotherSentenceTakesThePlaceOfTheFirstAndKeepsTheBeginning) {
  ASSERT_TRUE(policies->Freeze(house.actor, "one"));
  house.now = directory::kNow + 60;
  const auto again = policies->Freeze(house.actor, "two");
  EXPECT_EQ(again->sentence(), "two");
  EXPECT_EQ(again->since(), directory::kNow);
  const uint64_t revision = house.directory->revision();
  const auto same = policies->Freeze(house.actor, "two");
  EXPECT_EQ(same->revision(), revision);
  EXPECT_EQ(house.directory->revision(), revision);
  EXPECT_EQ(told, 2);
  EXPECT_EQ(house.LastAct(), "freeze done  it was so already");
}

TEST_F(FreezeTest, ASentenceThatCannotBeShownIsRefused) {
  EXPECT_EQ(policies->Freeze(house.actor, std::string(1025, 'x')).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(policies->Freeze(house.actor, "a\nb").error().code, ErrorCode::kInvalid);
  EXPECT_FALSE(policies->Freezing()->frozen());
  EXPECT_THAT(house.LastAct(), ::testing::StartsWith("freeze refused "));
}

TEST_F(FreezeTest, WhatCannotBeRecordedIsNotDone) {
  house.store.flaw = chronicle::Flaw::kBefore;
  EXPECT_EQ(policies->Freeze(house.actor, "").error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(policies->Freezing()->frozen());
  EXPECT_EQ(told, 0);
}

}  // namespace
}  // namespace postern::policies
