// Money over the real bus: what agents demand, give back and spend, and what is left of it after a restart
// and a restored backup.
#include "tests/collector/intake/money.h"

#include <atomic>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "collector/intake/recovery.h"

namespace postern::intake {
namespace {

using chronicle::Flaw;

TEST_F(Money, IsGrantedSpentGivenBackAndStillKnownAfterARestart) {
  {
    Caller caller(keep_, host_);
    Join(caller, host_);
    caller.Say(DemandOf(host_, 1, 7));
    EXPECT_EQ(HearGrant(caller), "granted 7");
    EXPECT_EQ(last_.incarnation(), host_.chain.incarnation());
    Spend(host_, 3, 3);
    caller.Send(host_, host_.chain.Group());
    EXPECT_EQ(Told(), "spent 3, left 3, holds 7-0");
    caller.Say(ReturnOf(host_, 0, Holds(7, 3, 2)));
    EXPECT_TRUE(keep_.Until([&] { return Told() == "spent 3, left 5, holds 7-2"; }));
  }
  Restart();
  EXPECT_EQ(Told(), "spent 3, left 5, holds 7-2");
  Caller caller(keep_, host_);
  JoinWith(caller, host_, {Holds(7, 3, 2)});
  EXPECT_EQ(HearGrant(caller), "granted 7");  // what it holds is said again
}

TEST_F(Money, WhatLiesIdleAtOneHostIsCalledBackForAnother) {
  Caller caller(keep_, host_);
  Join(caller, host_);
  caller.Say(DemandOf(host_, 1, 10));
  EXPECT_EQ(HearGrant(caller), "granted 10");
  Caller second(keep_, other_);
  Join(second, other_);
  second.Say(DemandOf(other_, 1, 4));
  EXPECT_EQ(HearGrant(caller), "recall 10");
  caller.Say(ReturnOf(host_, last_.number(), Holds(10, 0, 6)));
  EXPECT_EQ(HearGrant(second), "granted 4");
}

TEST_F(Money, EventsThatComeAgainAreNotChargedAgain) {
  Caller caller(keep_, host_);
  Join(caller, host_);
  caller.Say(DemandOf(host_, 1, 7));
  EXPECT_EQ(HearGrant(caller), "granted 7");
  Spend(host_, 9, 9);
  const wire::Group group = host_.chain.Group();
  disk_->flaw = Flaw::kAfter;
  EXPECT_EQ(caller.Send(host_, group), "busy");
  caller.Send(host_, group);
  EXPECT_EQ(Told(), "spent 9, left 1, holds 7-0");
  EXPECT_EQ(keep_.CountStored(host_.agent), host_.chain.now().sequence);
}

TEST_F(Money, EventsWhoseWriteFailedAreChargedOnceTheyAreStored) {
  Caller caller(keep_, host_);
  Join(caller, host_);
  caller.Say(DemandOf(host_, 1, 7));
  EXPECT_EQ(HearGrant(caller), "granted 7");
  Spend(host_, 4, 4);
  const wire::Group group = host_.chain.Group();
  disk_->flaw = Flaw::kBefore;
  EXPECT_EQ(caller.Send(host_, group), "busy");
  EXPECT_EQ(Told(), "spent 0, left 3, holds 7-0");
  caller.Send(host_, group);
  EXPECT_EQ(Told(), "spent 4, left 3, holds 7-0");
}

TEST_F(Money, AnotherPolicyCountsAtOnceAndKeepsWhatWasSpent) {
  keep_.Close();
  auto sent = std::make_shared<SentPolicy>();
  sent->version = 1;
  sent->snapshot_sha256 = std::string(32, 's');
  sent->bytes = std::make_shared<const std::string>("a policy");
  sent->sha256 = std::string(crypto::AsBytes(crypto::Sha256(*sent->bytes)));
  auto version = std::make_shared<std::atomic<uint64_t>>(1);
  keep_.decrees.policy = [=]() -> Result<std::shared_ptr<const SentPolicy>> {
    auto present = std::make_shared<SentPolicy>(*sent);
    present->version = *version;
    return std::shared_ptr<const SentPolicy>(present);
  };
  keep_.decrees.terms = [=]() -> Result<treasury::Terms> {
    return treasury::Terms{.limits = TableOf(*version == 1 ? 10 : 100)};
  };
  keep_.Open();
  Caller caller(keep_, host_);
  Join(caller, host_);
  caller.Say(DemandOf(host_, 1, 7));
  EXPECT_EQ(HearGrant(caller), "granted 7");
  *version = 2;
  keep_.intake->NoteDecree();
  EXPECT_TRUE(keep_.Until([&] { return Told() == "spent 0, left 93, holds 7-0"; }));
}

TEST_F(Money, AHeartbeatRenewsALeaseAndSilenceEndsIt) {
  Caller caller(keep_, host_);
  Join(caller, host_);
  caller.Say(DemandOf(host_, 1, 2, "slots"));
  EXPECT_EQ(HearGrant(caller), "granted 2");
  passed_ += 40;
  caller.Say(HeartbeatOf(host_));
  ASSERT_TRUE(caller.Hear(wire::FromCollector::kHeartbeatAnswer));
  passed_ += 40;
  EXPECT_EQ(Told("slots"), "spent 0, left 0, holds 2-0");
  passed_ += 25;
  EXPECT_TRUE(keep_.Until([&] { return Told("slots") == "spent 0, left 2, holds 2-2"; }));
}

// ── backups ────────────────────────────────────────────────────────────────────────────────────────────────

// The keep's store is a backup of a moment at which 3 were granted; then its epoch is raised.
TEST_F(Money, AfterARestoreNothingIsGrantedThatTheLostCollectorMayHaveGranted) {
  {
    Caller caller(keep_, host_);
    Join(caller, host_);
    caller.Say(DemandOf(host_, 1, 3));
    EXPECT_EQ(HearGrant(caller), "granted 3");
  }
  keep_.Close();
  auto begun = chronicle::Chronicle::Open(
      *keep_.store, *keep_.log_key,
      {.beginning = chronicle::Beginning::kNewIncarnation, .program = "recover", .version = "", .host = ""});
  ASSERT_TRUE(begun);
  {
    directory::Directory directory(*keep_.store, **begun, *keep_.master_key, {.organisation = "acme"});
    const auto recovered = Recover(*keep_.store, directory);
    ASSERT_TRUE(recovered) << recovered.error().message;
    EXPECT_EQ(recovered->epoch, 2u);
  }
  begun->reset();
  keep_.Open();
  EXPECT_EQ(Told(), "spent 0, left 0, holds 3-0");
  // The lost one had granted 7 in all to this agent, which says so, and gives them back.
  Caller caller(keep_, host_);
  const wire::Welcome welcome = JoinWith(caller, host_, {Holds(7, 0, 0)});
  EXPECT_EQ(welcome.incarnation(), host_.chain.incarnation());
  EXPECT_EQ(Told(), "spent 0, left 0, holds 7-0");
  caller.Say(ReturnOf(host_, 0, Holds(7, 0, 7)));
  EXPECT_TRUE(keep_.Until([&] { return Told() == "spent 0, left 7, holds 7-7"; }));
  ASSERT_TRUE(keep_.intake->treasury().Reset("usd"));
  EXPECT_EQ(Told(), "spent 0, left 10, holds 7-7");
}

}  // namespace
}  // namespace postern::intake
