// Money over the real bus, of agents that lie and of copies of hosts.
#include <string>

#include <gtest/gtest.h>

#include "tests/collector/intake/money.h"

namespace postern::intake {
namespace {

// ── copies of hosts ────────────────────────────────────────────────────────────────────────────────────────

TEST_F(Money, AStateWhoseWalletIsOlderThanWhatItOnceSaidGetsANewIncarnation) {
  {
    Caller caller(keep_, host_);
    Join(caller, host_);
    caller.Say(DemandOf(host_, 1, 7));
    EXPECT_EQ(HearGrant(caller), "granted 7");
    caller.Say(ReturnOf(host_, 0, Holds(7, 0, 4)));
    EXPECT_TRUE(keep_.Until([&] { return Told() == "spent 0, left 7, holds 7-4"; }));
  }
  Caller caller(keep_, host_);
  const wire::Welcome welcome = JoinWith(caller, host_, {Holds(7, 0, 0)});
  EXPECT_NE(welcome.incarnation(), host_.chain.incarnation());
  EXPECT_TRUE(keep_.HasAlarm("wallet"));
  EXPECT_EQ(Told(), "spent 0, left 7, holds 7-4");  // what it held stays held
}

TEST_F(Money, AClonedMachineGetsAnIncarnationOfItsOwnAndNothingWithIt) {
  Caller caller(keep_, host_);
  Join(caller, host_);
  caller.Say(DemandOf(host_, 1, 7));
  EXPECT_EQ(HearGrant(caller), "granted 7");
  Host clone = host_;
  clone.machine = std::string(32, 'c');
  clone.life = std::string(16, 'c');
  Caller second(keep_, clone);
  const wire::Welcome welcome = JoinWith(second, clone, {Holds(7, 0, 0)});
  EXPECT_NE(welcome.incarnation(), host_.chain.incarnation());
  // Of what it was given as a copy it may say nothing; as the new one it has what is granted to it.
  second.Say(ReturnOf(clone, 0, Holds(7, 0, 7)));
  clone.chain = HostChain(clone.seal_key, welcome.incarnation());
  second.Say(DemandOf(clone, 1, 3));
  EXPECT_EQ(HearGrant(second), "granted 3");
  EXPECT_EQ(Told(), "spent 0, left 0, holds 7-0, holds 3-0");
}

TEST_F(Money, AForfeitedAgentComesBackWithNothingAndWhatItHeldIsFree) {
  Caller caller(keep_, host_);
  Join(caller, host_);
  caller.Say(DemandOf(host_, 1, 7));
  EXPECT_EQ(HearGrant(caller), "granted 7");
  Spend(host_, 3, 3);
  caller.Send(host_, host_.chain.Group());
  ASSERT_TRUE(keep_.directory->agents().Forfeit(keep_.administrator, host_.agent));
  ASSERT_TRUE(keep_.intake->treasury().Forfeit(host_.agent));
  EXPECT_EQ(Told(), "spent 3, left 7, holds 7-4");
  caller.Say(DemandOf(host_, 2, 2));
  Caller again(keep_, host_);
  const wire::Welcome welcome = JoinWith(again, host_, {Holds(7, 3, 0)});
  EXPECT_NE(welcome.incarnation(), host_.chain.incarnation());
  EXPECT_EQ(Told(), "spent 3, left 7, holds 7-4");
}

// ── lies ───────────────────────────────────────────────────────────────────────────────────────────────────

TEST_F(Money, AClaimToHoldWhatWasNeverGrantedHoldsUpNobodyElse) {
  Caller liar(keep_, host_);
  Join(liar, host_);
  Caller honest(keep_, other_);
  Join(honest, other_);
  liar.Say(ReturnOf(host_, 0, Holds(1'000'000, 0, 0)));
  const auto rejected = liar.Hear(wire::FromCollector::kRejected);
  ASSERT_TRUE(rejected);
  EXPECT_EQ(rejected->rejected().reason(), "say_hello");
  EXPECT_TRUE(keep_.HasAlarm("ungranted"));
  const wire::Welcome welcome = JoinWith(liar, host_, {Holds(1'000'000, 0, 0)});
  EXPECT_NE(welcome.incarnation(), host_.chain.incarnation());
  honest.Say(DemandOf(other_, 1, 10));
  EXPECT_EQ(HearGrant(honest), "granted 10");
  EXPECT_FALSE(keep_.intake->stats().restored);
}

TEST_F(Money, WhoHasSpentMoreThanItWasGrantedIsNamed) {
  Caller caller(keep_, host_);
  Join(caller, host_);
  Spend(host_, 12, 12);
  caller.Send(host_, host_.chain.Group());
  EXPECT_TRUE(keep_.HasAlarm("overspent"));
  EXPECT_EQ(Told(), "spent 12, left -2, holds 0-0");
}

TEST_F(Money, AFloodOfDemandsHoldsUpNobodyElse) {
  Caller flood(keep_, host_);
  Join(flood, host_);
  Caller honest(keep_, other_);
  Join(honest, other_);
  const auto demand = wire::Encode(DemandOf(host_, 1, 11));
  ASSERT_TRUE(demand);
  // As fast as they go, until that is more than is worked out for one agent.
  const auto pour = [&] {
    for (int i = 0; i < 5'000; ++i) flood.SayRaw(*demand);
    return keep_.presence().counters.busy > 0;
  };
  pour();
  honest.Say(DemandOf(other_, 1, 5));
  EXPECT_EQ(HearGrant(honest), "granted 5");
  EXPECT_TRUE(keep_.Until(pour));
}

TEST_F(Money, AQuarantinedAgentIsGrantedNothing) {
  Caller caller(keep_, host_);
  Join(caller, host_);
  caller.Say(DemandOf(host_, 1, 7));
  EXPECT_EQ(HearGrant(caller), "granted 7");
  ASSERT_TRUE(keep_.directory->agents().Quarantine(host_.agent, "fork", "a test", 0));
  EXPECT_TRUE(keep_.Until([&] {
    caller.Say(HeartbeatOf(host_));
    const auto answer = caller.Hear(wire::FromCollector::kHeartbeatAnswer);
    return answer && answer->heartbeat_answer().state() == wire::AGENT_QUARANTINED;
  }));
  caller.Say(ReturnOf(host_, 0, Holds(7, 0, 7)));
  const auto rejected = caller.Hear(wire::FromCollector::kRejected);
  ASSERT_TRUE(rejected);
  EXPECT_EQ(rejected->rejected().reason(), "quarantined");
  EXPECT_EQ(Told(), "spent 0, left 3, holds 7-0");
}

}  // namespace
}  // namespace postern::intake
