#include "collector/intake/contacts.h"

#include <gtest/gtest.h>

namespace postern::intake {
namespace {

constexpr int64_t kNow = 1'790'000'000;

wire::Hello BestEffort(uint32_t policy_ttl) {
  wire::Hello hello;
  hello.set_policy_ttl(policy_ttl);
  return hello;
}

wire::Hello Strict() {
  wire::Hello hello = BestEffort(43'200);
  hello.set_strict(true);
  return hello;
}

// What a collector that comes after this one finds on the disk of "agent".
Contact AfterRestart(const std::vector<wire::AgentContact>& written, uint64_t epoch = 1) {
  Contacts contacts(epoch);
  contacts.Load(written);
  return contacts.Find("agent");
}

TEST(Contacts, OfAnAgentThatWasNeverHeardNothingIsKnown) {
  const Contacts contacts(1);
  EXPECT_FALSE(contacts.Knows("agent0000001"));
  EXPECT_EQ(contacts.Find("agent0000001").mode, Mode::kUnknown);
  EXPECT_FALSE(contacts.Find("agent0000001").until);
}

TEST(Contacts, AStrictHostStops30SecondsAfterItsLastWordAndAnotherAfterItsOwnTime) {
  Contacts contacts(1);
  contacts.Greet("strict", Strict(), kNow);
  contacts.Greet("other", BestEffort(3600), kNow);
  contacts.Hear("strict", kNow + 5);
  contacts.Hear("other", kNow + 5);
  contacts.Leave("strict");
  contacts.Leave("other");
  EXPECT_EQ(contacts.Find("strict").mode, Mode::kStrict);
  EXPECT_EQ(contacts.Find("strict").until, kNow + 35);
  EXPECT_EQ(contacts.Find("other").mode, Mode::kBestEffort);
  EXPECT_EQ(contacts.Find("other").heard, kNow + 5);
  EXPECT_EQ(contacts.Find("other").until, kNow + 3605);
}

TEST(Contacts, AnAgentThatDoesNotSayHowItGoesOnHasNoKnownEnd) {
  Contacts contacts(1);
  contacts.Greet("old", {}, kNow);
  EXPECT_EQ(contacts.Find("old").mode, Mode::kUnknown);
  EXPECT_EQ(contacts.Find("old").heard, kNow);
  EXPECT_FALSE(contacts.Find("old").until);
}

TEST(Contacts, WhatIsOnTheDiskIsNeverEarlierThanWhenItWasHeard) {
  Contacts contacts(1);
  contacts.Greet("agent", BestEffort(3600), kNow);
  std::vector<wire::AgentContact> disk;
  for (int64_t now = kNow; now < kNow + 600; now += 5) {
    contacts.Hear("agent", now);
    if (auto due = contacts.TakeDue(now); !due.empty()) disk = due;
    // Killed here, and asked by whoever comes after.
    ASSERT_EQ(disk.size(), 1u);
    const Contact known = AfterRestart(disk);
    ASSERT_GE(*known.heard, now);
    ASSERT_LE(*known.heard, now + Contacts::kAhead);
    ASSERT_EQ(*known.until, *known.heard + 3600);
  }
}

TEST(Contacts, WhileItIsConnectedItIsWrittenAboutOnceAMinute) {
  Contacts contacts(1);
  contacts.Greet("agent", BestEffort(3600), kNow);
  size_t written = 0;
  for (int64_t now = kNow; now < kNow + 600; ++now) written += contacts.TakeDue(now).size();
  EXPECT_GE(written, 10u);
  EXPECT_LE(written, 11u);
}

TEST(Contacts, AfterItsEndTheExactTimeIsWritten) {
  Contacts contacts(1);
  contacts.Greet("agent", BestEffort(3600), kNow);
  EXPECT_EQ(contacts.TakeDue(kNow).size(), 1u);
  contacts.Hear("agent", kNow + 7);
  contacts.Leave("agent");
  const auto due = contacts.TakeDue(kNow + 20);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].heard(), kNow + 7);
  EXPECT_TRUE(contacts.TakeDue(kNow + 1000).empty());
}

TEST(Contacts, OneThatComesBackIsWrittenBeforeItCounts) {
  Contacts contacts(1);
  contacts.Greet("agent", BestEffort(3600), kNow);
  contacts.TakeDue(kNow);
  contacts.Leave("agent");
  contacts.TakeDue(kNow);
  contacts.Greet("agent", BestEffort(3600), kNow + 5000);
  const auto due = contacts.TakeDue(kNow + 5000);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_GE(due[0].heard(), kNow + 5000);
}

TEST(Contacts, AnotherConfigurationIsWrittenAtOnce) {
  Contacts contacts(1);
  contacts.Greet("agent", BestEffort(3600), kNow);
  contacts.TakeDue(kNow);
  contacts.Greet("agent", BestEffort(7200), kNow + 1);
  const auto due = contacts.TakeDue(kNow + 1);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].policy_ttl(), 7200u);
}

TEST(Contacts, WhatCouldNotBeWrittenIsDueAgain) {
  Contacts contacts(1);
  contacts.Greet("agent", BestEffort(3600), kNow);
  const auto due = contacts.TakeDue(kNow);
  contacts.Return(due);
  EXPECT_EQ(contacts.TakeDue(kNow + 1).size(), 1u);
}

TEST(Contacts, ACollectorThatWasRestoredDoesNotKnowWhenTheOneBeforeItHeardAnybody) {
  Contacts contacts(1);
  contacts.Greet("agent", BestEffort(3600), kNow);
  const Contact known = AfterRestart(contacts.TakeDue(kNow), 2);
  EXPECT_EQ(known.mode, Mode::kBestEffort);
  EXPECT_FALSE(known.heard);
  EXPECT_FALSE(known.until);
}

TEST(Contacts, OneThatSaidThatItWasRevokedGoesOnNoMore) {
  Contacts contacts(1);
  contacts.Greet("agent", BestEffort(3600), kNow);
  contacts.Stop("agent", kNow + 5);
  EXPECT_EQ(contacts.Find("agent").until, kNow + 5);
  EXPECT_EQ(AfterRestart(contacts.TakeDue(kNow + 5)).until, kNow + 5);
}

}  // namespace
}  // namespace postern::intake
