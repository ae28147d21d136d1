#include "collector/api/gatekeeper.h"

#include <gtest/gtest.h>

namespace postern::api {
namespace {

using std::chrono::seconds;

BootTime At(int64_t second) { return BootTime(seconds(second)); }

Limits Small() {
  Limits limits;
  limits.calls_at_once = 3;
  limits.calls_per_second = 0.5;
  limits.bad_tokens = 3;
  limits.memory = seconds(60);
  limits.lock_out = seconds(300);
  limits.enrolments_at_once = 1;
  limits.enrolments_per_second = 0.1;
  return limits;
}

TEST(Gatekeeper, SoManyCallsAreTakenAtOnceAndThenByTheSecond) {
  Gatekeeper gatekeeper(Small());
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(gatekeeper.Call("a", At(0)));
  const auto hold = gatekeeper.Call("a", At(0));
  ASSERT_TRUE(hold);
  EXPECT_EQ(hold->retry_after, seconds(2));
  EXPECT_TRUE(hold->first);
  EXPECT_FALSE(gatekeeper.Call("a", At(1))->first);
  EXPECT_FALSE(gatekeeper.Call("b", At(0)));
  EXPECT_FALSE(gatekeeper.Call("a", At(2)));
  EXPECT_TRUE(gatekeeper.Call("a", At(2))->first);
}

TEST(Gatekeeper, TooManyWrongTokensLockTheAddressOut) {
  Gatekeeper gatekeeper(Small());
  EXPECT_FALSE(gatekeeper.BadToken("a", At(0)));
  EXPECT_FALSE(gatekeeper.BadToken("a", At(1)));
  EXPECT_FALSE(gatekeeper.LockedOut("a", At(1)));
  const auto lock_out = gatekeeper.BadToken("a", At(2));
  ASSERT_TRUE(lock_out);
  EXPECT_TRUE(lock_out->first);
  EXPECT_EQ(lock_out->retry_after, seconds(300));
  EXPECT_EQ(gatekeeper.LockedOut("a", At(3))->retry_after, seconds(299));
  EXPECT_FALSE(gatekeeper.LockedOut("a", At(3))->first);
  EXPECT_FALSE(gatekeeper.LockedOut("b", At(3)));
  EXPECT_FALSE(gatekeeper.LockedOut("a", At(302)));
  EXPECT_FALSE(gatekeeper.BadToken("a", At(303)));
  EXPECT_EQ(gatekeeper.lock_outs(), 1u);
}

TEST(Gatekeeper, WrongTokensFromLongAgoDontCount) {
  Gatekeeper gatekeeper(Small());
  for (int minute = 0; minute < 10; ++minute) {
    EXPECT_FALSE(gatekeeper.BadToken("a", At(minute * 120)));
    EXPECT_FALSE(gatekeeper.BadToken("a", At(minute * 120 + 1)));
  }
}

TEST(Gatekeeper, EnrolmentsAreCountedApart) {
  Gatekeeper gatekeeper(Small());
  EXPECT_FALSE(gatekeeper.Enrolment("a", At(0)));
  EXPECT_EQ(gatekeeper.Enrolment("a", At(0))->retry_after, seconds(10));
  EXPECT_FALSE(gatekeeper.Call("a", At(0)));
}

TEST(Gatekeeper, AnAddressOfIpv6StandsForItsNetwork) {
  Gatekeeper gatekeeper(Small());
  for (int i = 0; i < 3; ++i) gatekeeper.BadToken("2001:db8::" + std::to_string(i), At(0));
  EXPECT_TRUE(gatekeeper.LockedOut("2001:db8::ffff", At(0)));
  EXPECT_FALSE(gatekeeper.LockedOut("2001:db8:0:1::1", At(0)));
}

TEST(Gatekeeper, RemembersBoundedlyManyAndWhoIsLockedOutForLongest) {
  Gatekeeper gatekeeper(Small());
  for (int i = 0; i < 3; ++i) gatekeeper.BadToken("guilty", At(0));
  for (size_t i = 0; i < 2 * Gatekeeper::kMostAddresses; ++i)
    gatekeeper.Call("10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256), At(1));
  EXPECT_EQ(gatekeeper.size(), Gatekeeper::kMostAddresses);
  EXPECT_TRUE(gatekeeper.LockedOut("guilty", At(2)));
  for (size_t i = 0; i < 2 * Gatekeeper::kMostAddresses; ++i) {
    for (int turn = 0; turn < 3; ++turn) gatekeeper.BadToken("x" + std::to_string(i), At(2));
  }
  EXPECT_EQ(gatekeeper.size(), Gatekeeper::kMostAddresses);
}

}  // namespace
}  // namespace postern::api
