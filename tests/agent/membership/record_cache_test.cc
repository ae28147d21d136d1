#include "agent/membership/record_cache.h"

#include <gtest/gtest.h>

#include "tests/agent/membership/enrolled.h"

namespace postern::membership {
namespace {

using Origin = RecordCache::Origin;
constexpr BootTime kNow{std::chrono::hours(100)};
const std::string kId = "k00000000001";

std::string IdOf(size_t number) {
  std::string digits = std::to_string(number);
  return "k" + std::string(11 - digits.size(), '0') + digits;
}

// In the middle of a conversation.
RecordCache Conversing(CacheLimits limits = {}) {
  RecordCache cache(limits);
  cache.BeginConversation();
  return cache;
}

TEST(RecordCache, AKeyIsAsTheCollectorSaid) {
  RecordCache cache = Conversing();
  wire::KeyRecord record = KeyOf(kId, 5);
  record.set_expires(1'900'000'000);
  record.add_hosts("build-7");
  record.add_os_users("1000");
  ASSERT_TRUE(cache.TakeKey(record, {1000}, Origin::kCollector));
  const KeyAnswer answer = cache.FindKey(kId, kNow);
  EXPECT_EQ(answer.certainty, Certainty::kConfirmed);
  ASSERT_NE(answer.key, nullptr);
  EXPECT_EQ(answer.key->record.principal.user, "ada@example.com");
  EXPECT_EQ(answer.key->record.hosts, std::vector<std::string>{"build-7"});
  EXPECT_EQ(answer.key->record.os_uids, std::vector<uid_t>{1000});
  EXPECT_EQ(answer.key->record.expires->time_since_epoch().count(), 1'900'000'000);
  EXPECT_EQ(answer.key->credentials, std::vector<std::string>{"main"});
  EXPECT_FALSE(answer.key->record.disabled);
  EXPECT_EQ(cache.revision(), 5u);
}

TEST(RecordCache, AfterADisconnectionItWasConfirmedLatelyAndThenIsOnlyRemembered) {
  RecordCache cache = Conversing();
  cache.TakeKey(KeyOf(kId, 5), {}, Origin::kCollector);
  cache.TakeUnknownKey("nobody000000", kNow);
  cache.EndConversation();
  EXPECT_EQ(cache.FindKey(kId, kNow).certainty, Certainty::kLately);
  EXPECT_EQ(cache.FindKey("nobody000000", kNow).certainty, Certainty::kNotRemembered);
  cache.BeginConversation();
  EXPECT_EQ(cache.FindKey(kId, kNow).certainty, Certainty::kRemembered);
  cache.TakeKey(KeyOf(kId, 5), {}, Origin::kCollector);
  EXPECT_EQ(cache.FindKey(kId, kNow).certainty, Certainty::kConfirmed);
  EXPECT_EQ(cache.FindKey("nobody000000", kNow).certainty, Certainty::kNotRemembered);
}

TEST(RecordCache, WhatComesFromTheDiskIsOnlyRemembered) {
  RecordCache cache = Conversing();
  cache.TakeKey(KeyOf(kId, 5), {}, Origin::kDisk);
  EXPECT_EQ(cache.FindKey(kId, kNow).certainty, Certainty::kRemembered);
}

TEST(RecordCache, NoKeyGoesBackToAnOlderRecord) {
  RecordCache cache = Conversing();
  wire::KeyRecord disabled = KeyOf(kId, 7);
  disabled.set_disabled(true);
  disabled.set_sentence("Ask Grace.");
  ASSERT_TRUE(cache.TakeKey(disabled, {}, Origin::kCollector));
  EXPECT_FALSE(cache.TakeKey(KeyOf(kId, 6), {}, Origin::kCollector));
  EXPECT_TRUE(cache.FindKey(kId, kNow).key->record.disabled);
  EXPECT_EQ(cache.FindKey(kId, kNow).key->sentence, "Ask Grace.");
  EXPECT_TRUE(cache.TakeKey(KeyOf(kId, 8), {}, Origin::kCollector));
  EXPECT_FALSE(cache.FindKey(kId, kNow).key->record.disabled);
}

TEST(RecordCache, ARevokedKeyStaysRevokedWhateverComesLater) {
  RecordCache cache = Conversing();
  ASSERT_TRUE(cache.TakeKey(RevokedKeyOf(kId, 7), {}, Origin::kCollector));
  EXPECT_FALSE(cache.TakeKey(KeyOf(kId, 9), {}, Origin::kCollector));
  cache.TakeUnknownKey(kId, kNow);
  cache.BeginConversation();
  const KeyAnswer answer = cache.FindKey(kId, kNow);
  EXPECT_EQ(answer.certainty, Certainty::kConfirmed);
  EXPECT_TRUE(answer.key->revoked);
  ASSERT_EQ(cache.Tombstones(10).size(), 1u);
  EXPECT_TRUE(wire::VerifyTombstone(cache.Tombstones(10)[0], LogKey().public_key()));
}

TEST(RecordCache, AnAnswerOlderThanTheNewestRevocationIsNotCurrent) {
  RecordCache cache = Conversing();
  cache.TakeKey(KeyOf(kId, 9), {}, Origin::kCollector);
  EXPECT_TRUE(cache.IsCurrent(8));
  cache.TakeKey(RevokedKeyOf(IdOf(2), 12), {}, Origin::kCollector);
  EXPECT_FALSE(cache.IsCurrent(11));
  EXPECT_TRUE(cache.IsCurrent(12));
}

TEST(RecordCache, UnknownIsBelievedForAShortTime) {
  RecordCache cache = Conversing();
  cache.TakeUnknownKey(kId, kNow);
  EXPECT_EQ(cache.FindKey(kId, kNow).certainty, Certainty::kConfirmed);
  EXPECT_EQ(cache.FindKey(kId, kNow).key, nullptr);
  EXPECT_EQ(cache.FindKey(kId, kNow + std::chrono::seconds(6)).certainty, Certainty::kNotRemembered);
  cache.TakeUnknownKey(kId, kNow);
  cache.TakeKey(KeyOf(kId, 3), {}, Origin::kCollector);
  EXPECT_NE(cache.FindKey(kId, kNow).key, nullptr);
}

TEST(RecordCache, UnknownKeysNeverTakeMoreThanTheirRoom) {
  RecordCache cache = Conversing({.keys = 10, .unknown_keys = 100, .os_users = 10});
  for (size_t i = 0; i < 10'000; ++i) cache.TakeUnknownKey(IdOf(i), kNow);
  size_t known = 0;
  for (size_t i = 0; i < 10'000; ++i)
    known += cache.FindKey(IdOf(i), kNow).certainty == Certainty::kConfirmed;
  EXPECT_LE(known, 100u);
  EXPECT_GT(known, 0u);
}

TEST(RecordCache, WhereThereIsNoRoomTheLongestUnusedGoesAndTombstonesStay) {
  RecordCache cache = Conversing({.keys = 100, .unknown_keys = 10, .os_users = 10});
  cache.TakeKey(RevokedKeyOf(IdOf(0), 1), {}, Origin::kCollector);
  for (size_t i = 1; i < 100; ++i) cache.TakeKey(KeyOf(IdOf(i), 1), {}, Origin::kCollector);
  cache.FindKey(IdOf(1), kNow);
  for (size_t i = 100; i < 150; ++i) cache.TakeKey(KeyOf(IdOf(i), 1), {}, Origin::kCollector);
  EXPECT_LE(cache.keys(), 100u);
  EXPECT_TRUE(cache.FindKey(IdOf(0), kNow).key->revoked);
  EXPECT_NE(cache.FindKey(IdOf(1), kNow).key, nullptr);
  EXPECT_EQ(cache.FindKey(IdOf(2), kNow).key, nullptr);
  const auto forgotten = cache.TakeForgotten();
  EXPECT_EQ(forgotten.keys.size() + cache.keys(), 150u);
  EXPECT_TRUE(cache.TakeForgotten().keys.empty());
}

TEST(RecordCache, OsUsersAreRememberedKnownOrNot) {
  RecordCache cache = Conversing({.keys = 10, .unknown_keys = 10, .os_users = 2});
  wire::OsPrincipal ada;
  ada.set_uid(1000);
  ada.set_known(true);
  ada.set_user("ada@example.com");
  ada.add_credentials("main");
  cache.TakeOsUser(ada, 1, Origin::kCollector);
  wire::OsPrincipal nobody;
  nobody.set_uid(1001);
  cache.TakeOsUser(nobody, 1, Origin::kCollector);
  EXPECT_EQ(cache.FindOsUser(1000).user->principal.user, "ada@example.com");
  EXPECT_EQ(cache.FindOsUser(1001).certainty, Certainty::kConfirmed);
  EXPECT_EQ(cache.FindOsUser(1001).user, nullptr);
  cache.FindOsUser(1000);
  wire::OsPrincipal third;
  third.set_uid(1002);
  cache.TakeOsUser(third, 1, Origin::kCollector);
  EXPECT_EQ(cache.FindOsUser(1001).certainty, Certainty::kNotRemembered);
  EXPECT_EQ(cache.TakeForgotten().os_users, std::vector<uid_t>{1001});
  cache.BeginConversation();
  EXPECT_EQ(cache.FindOsUser(1000).certainty, Certainty::kRemembered);
}

TEST(RecordCache, WhatCannotBeAKeyIsNotTaken) {
  RecordCache cache = Conversing();
  wire::KeyRecord record = KeyOf("not an id", 1);
  EXPECT_FALSE(cache.TakeKey(record, {}, Origin::kCollector));
  record = KeyOf(kId, 1);
  record.set_secret_sha256("short");
  EXPECT_FALSE(cache.TakeKey(record, {}, Origin::kCollector));
}

}  // namespace
}  // namespace postern::membership
