#include "agent/membership/contact.h"

#include <gtest/gtest.h>

namespace postern::membership {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

const BootTime kBoot{hours(100)};
const WallTime kWall{hours(24 * 20000)};

TEST(Contact, AWordIsAsOldAsItsSendingNotItsAnswer) {
  Contact contact("boot-1");
  EXPECT_FALSE(contact.Age(kBoot, kWall).has_value());
  contact.Heard(kBoot, kBoot + seconds(4), kWall + seconds(4));
  EXPECT_EQ(*contact.Age(kBoot + seconds(10), kWall), seconds(10));
}

TEST(Contact, ALateAnswerToAnOlderWordMakesNothingOlder) {
  Contact contact("boot-1");
  contact.Heard(kBoot + seconds(5), kBoot + seconds(6), kWall);
  contact.Heard(kBoot, kBoot + seconds(7), kWall);
  EXPECT_EQ(*contact.Age(kBoot + seconds(10), kWall), seconds(5));
}

TEST(Contact, InTheSameBootTheWallClockDoesNotCount) {
  Contact before("boot-1");
  before.Heard(kBoot, kBoot, kWall);
  Contact contact("boot-1");
  ASSERT_TRUE(contact.Restore(before.Encode()));
  EXPECT_EQ(*contact.Age(kBoot + hours(13), kWall - hours(1000)), hours(13));
}

TEST(Contact, AfterABootTheWallClockCounts) {
  Contact before("boot-1");
  before.Heard(kBoot, kBoot + seconds(1), kWall + seconds(1));
  Contact contact("boot-2");
  ASSERT_TRUE(contact.Restore(before.Encode()));
  EXPECT_EQ(*contact.Age(BootTime(seconds(20)), kWall + hours(3)), hours(3));
}

TEST(Contact, AWallClockThatWasSetBackIsNotBelieved) {
  Contact before("boot-1");
  before.Heard(kBoot, kBoot, kWall);
  Contact contact("boot-2");
  ASSERT_TRUE(contact.Restore(before.Encode()));
  EXPECT_EQ(*contact.Age(BootTime(seconds(20)), kWall - seconds(1)), Contact::kUnknown);
}

TEST(Contact, AMachineThatDoesNotNameItsBootsGoesByTheWallClock) {
  Contact before("");
  before.Heard(kBoot, kBoot, kWall);
  Contact contact("");
  ASSERT_TRUE(contact.Restore(before.Encode()));
  EXPECT_EQ(*contact.Age(kBoot, kWall + hours(2)), hours(2));
}

TEST(Contact, BytesThatAreTooShortAreNone) {
  Contact contact("boot-1");
  EXPECT_TRUE(contact.Restore(""));
  EXPECT_EQ(contact.Restore("short").error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace postern::membership
