#include "collector/intake/subscriptions.h"

#include <gtest/gtest.h>

namespace postern::intake {
namespace {

using namespace std::chrono_literals;

const BootTime kStart{std::chrono::hours(1)};

TEST(Subscriptions, AKeyIsConcernedByItsUserAndItsTeam) {
  Subscriptions subscriptions;
  subscriptions.WatchKey("key000000001", {"alice", "platform"});
  subscriptions.WatchKey("key000000002", {"bob", "research"});
  EXPECT_TRUE(subscriptions.Watches("key000000001"));
  EXPECT_FALSE(subscriptions.Watches("key000000003"));
  EXPECT_EQ(subscriptions.KeysOf({"alice"}, {}), std::vector<std::string>{"key000000001"});
  EXPECT_EQ(subscriptions.KeysOf({}, {"research"}), std::vector<std::string>{"key000000002"});
  EXPECT_TRUE(subscriptions.KeysOf({"carol"}, {}).empty());
}

TEST(Subscriptions, WhatIsPushedIsRepeatedUntilItIsSeen) {
  Subscriptions subscriptions;
  subscriptions.Pushed(41, {"key000000001"}, {}, kStart);
  EXPECT_TRUE(subscriptions.TakeOverdue(kStart + 1s, 2s).empty());
  EXPECT_EQ(subscriptions.TakeOverdue(kStart + 2s, 2s).keys, std::vector<std::string>{"key000000001"});
  EXPECT_TRUE(subscriptions.TakeOverdue(kStart + 3s, 2s).empty());
  subscriptions.Seen(40);
  EXPECT_TRUE(subscriptions.has_unseen());
  subscriptions.Seen(41);
  EXPECT_FALSE(subscriptions.has_unseen());
  EXPECT_TRUE(subscriptions.TakeOverdue(kStart + 9s, 2s).empty());
}

TEST(Subscriptions, TooManyAreNotTaken) {
  Subscriptions subscriptions;
  wire::OsIdentity user;
  for (uint32_t i = 0; i < Subscriptions::kMostUsers; ++i) {
    user.set_uid(i);
    EXPECT_EQ(subscriptions.WatchUser(user, "answer", {}), Subscriptions::Watched::kYes);
  }
  EXPECT_EQ(subscriptions.WatchUser(user, "again", {}), Subscriptions::Watched::kYes);
  user.set_uid(Subscriptions::kMostUsers);
  EXPECT_EQ(subscriptions.WatchUser(user, "answer", {}), Subscriptions::Watched::kFull);
}

}  // namespace
}  // namespace postern::intake
