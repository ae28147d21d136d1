// Agents that do whatever they like. Each test has an honest one beside, which must not notice.
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "tests/collector/intake/keep.h"

namespace postern::intake {
namespace {

class HostileAgent : public testing::Test {
 protected:
  Keep keep_;
  Host honest_ = keep_.Enrol("laptop-17");
  Host hostile_ = keep_.Enrol("laptop-18");
  Caller bystander_{keep_, honest_};
  Caller attacker_{keep_, hostile_};

  HostileAgent() {
    Join(bystander_, honest_);
    Join(attacker_, hostile_);
  }

  ~HostileAgent() override {
    honest_.chain.Exchange("alice");
    EXPECT_EQ(
        bystander_.Send(honest_, honest_.chain.Group()),
        std::to_string(honest_.chain.incarnation()) + ":" + std::to_string(honest_.chain.now().sequence));
    EXPECT_EQ(keep_.Record(honest_.agent).state(), wire::AGENT_ACTIVE);
    EXPECT_EQ(keep_.store->ListSetAside(honest_.agent, 10)->size(), 0u);
  }

  const Counters& counters() const { return keep_.presence().counters; }
  uint64_t CountHostile() { return keep_.CountStored(hostile_.agent); }
};

TEST_F(HostileAgent, GarbageIsCountedAndAlarmedAndInTheEndCutOff) {
  const uint64_t connections = attacker_.client().connections();
  attacker_.SayRaw("\xff\xfe garbage");
  const auto answer = attacker_.Hear(wire::FromCollector::kRejected);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->rejected().reason(), "malformed");
  EXPECT_TRUE(keep_.HasAlarm("malformed"));
  for (int i = 0; i < 20; ++i) attacker_.SayRaw("\xff\xfe garbage");
  EXPECT_TRUE(keep_.Until([&] {
    attacker_.client().Wait(std::chrono::milliseconds(5));
    return attacker_.client().connections() > connections ||
           attacker_.client().state() != bus::ClientState::kConnected;
  }));
  EXPECT_GE(counters().malformed, 17u);
  EXPECT_LE(keep_.CountAlarms("malformed"), 4u);
}

TEST_F(HostileAgent, NothingIsTakenBeforeAHello) {
  Caller fresh(keep_, hostile_);
  ASSERT_TRUE(fresh.WaitUntilConnected());
  EXPECT_EQ(fresh.Send(hostile_, hostile_.chain.Group()), "say_hello");
  EXPECT_EQ(CountHostile(), 0u);
}

TEST_F(HostileAgent, WithoutAnEnrolledKeyNobodyGetsIn) {
  Caller stranger(keep_, bus::CurveKeys::Generate());
  EXPECT_TRUE(keep_.Until([&] {
    stranger.client().Wait(std::chrono::milliseconds(5));
    return keep_.intake->stats().bus.unknown_keys > 0;
  }));
  EXPECT_NE(stranger.client().state(), bus::ClientState::kConnected);
}

TEST_F(HostileAgent, ReplayedBatchesCountOnce) {
  const wire::Group group = hostile_.chain.Exchange("mallory").Group();
  for (int i = 0; i < 10; ++i) attacker_.Send(hostile_, group);
  EXPECT_EQ(CountHostile(), 3u);
  const auto sums = keep_.store->Sum({.from = WallTime::min(), .to = WallTime::max()});
  EXPECT_EQ(sums->front().spending.requests, 1u);
}

TEST_F(HostileAgent, AnothersEventsDontVerifyAsItsOwn) {
  const wire::Group stolen = honest_.chain.GroupOf(1, 1);
  EXPECT_EQ(attacker_.Send(hostile_, stolen), "unverified");
  EXPECT_EQ(CountHostile(), 0u);
  EXPECT_TRUE(keep_.HasAlarm("unverified"));
  EXPECT_EQ(keep_.store->ListSetAside(hostile_.agent, 10)->size(), 1u);
}

TEST_F(HostileAgent, AnothersIncarnationIsAChainOfItsOwn) {
  HostChain same_number(hostile_.seal_key, honest_.chain.incarnation());
  attacker_.Send(hostile_, same_number.Start().Group());
  const auto chain = *keep_.store->FindChain(hostile_.agent, honest_.chain.incarnation());
  ASSERT_TRUE(chain);
  EXPECT_FALSE(chain->issued);
}

TEST_F(HostileAgent, SealsOfAnotherKeyAreSetAside) {
  HostChain forged(std::make_shared<crypto::SigningKey>(crypto::SigningKey::Generate()),
                   hostile_.chain.incarnation());
  forged.AddRaw(hostile_.chain.event(1));
  EXPECT_EQ(attacker_.Send(hostile_, forged.Group()), "unverified");
  EXPECT_EQ(keep_.store->ListSetAside(hostile_.agent, 10)->front().reason, "seal");
}

TEST_F(HostileAgent, EventsWithHolesAreNotTaken) {
  hostile_.chain.Exchange("mallory").Exchange("mallory");
  EXPECT_EQ(attacker_.Send(hostile_, hostile_.chain.GroupOf(4, 5)), "missing");
  EXPECT_EQ(CountHostile(), 0u);
}

TEST_F(HostileAgent, AForgedMemoryHoldsNobodyUp) {
  wire::Memory memory;
  memory.set_agent(hostile_.agent);
  memory.set_collector("00112233445566778899aabbccddeeff");
  memory.set_epoch(1);
  memory.set_log_size(1'000'000);
  hostile_.memory = wire::SignMemory(memory, crypto::SigningKey::Generate());
  EXPECT_TRUE(attacker_.Greet(hostile_));
  EXPECT_TRUE(keep_.HasAlarm("forged_memory"));
  EXPECT_FALSE(keep_.intake->stats().restored);
}

TEST_F(HostileAgent, AnothersMemoryHoldsNobodyUp) {
  bystander_.Send(honest_, honest_.chain.Group());
  hostile_.memory = honest_.memory;
  EXPECT_TRUE(attacker_.Greet(hostile_));
  EXPECT_FALSE(keep_.intake->stats().restored);
}

TEST_F(HostileAgent, AForgedHeartbeatIsNotAnswered) {
  Host forger = hostile_;
  forger.seal_key = std::make_shared<crypto::SigningKey>(crypto::SigningKey::Generate());
  attacker_.Say(HeartbeatOf(forger));
  EXPECT_TRUE(keep_.HasAlarm("heartbeat"));
  EXPECT_EQ(counters().bad_heartbeats, 1u);
  EXPECT_FALSE(keep_.presence().Find(hostile_.agent)->heartbeat);
}

TEST_F(HostileAgent, AForgedTombstoneRevokesNothing) {
  const std::string key = keep_.MakeKey("alice");
  wire::FromAgent message;
  wire::KeyRecord& record = *message.mutable_tombstones()->add_keys();
  record.set_id(key);
  record.set_revoked(true);
  record.set_tombstone(wire::SignTombstone(key, crypto::SigningKey::Generate()));
  attacker_.Say(message);
  attacker_.Say(HeartbeatOf(hostile_));  // is answered after it
  ASSERT_TRUE(attacker_.Hear(wire::FromCollector::kHeartbeatAnswer));
  EXPECT_FALSE(keep_.directory->keys().Find(key)->revoked());
}

TEST_F(HostileAgent, HelloAfterHelloIsNotAnsweredForEver) {
  std::string reason;
  for (int i = 0; i < 20 && reason != "busy"; ++i) {
    attacker_.Say(HelloOf(hostile_));
    const auto answer = attacker_.HearAny();
    ASSERT_TRUE(answer);
    if (answer->has_rejected()) reason = answer->rejected().reason();
  }
  EXPECT_EQ(reason, "busy");
}

TEST_F(HostileAgent, StatesThatKeepChangingAreNotIssuedForEver) {
  // Four on each connection, which may say Hello so often at once.
  for (char c = 'a'; c < 'a' + 24;) {
    Caller caller(keep_, hostile_);
    ASSERT_TRUE(caller.WaitUntilConnected());
    for (int i = 0; i < 4; ++i, ++c) {
      Host moving = hostile_;
      moving.machine = std::string(32, c);
      moving.life = std::string(16, c);
      caller.Say(HelloOf(moving));
      ASSERT_TRUE(caller.HearAny());
    }
  }
  EXPECT_LE(keep_.Record(hostile_.agent).incarnations(), 17u);
  EXPECT_GE(keep_.Record(hostile_.agent).incarnations(), 10u);
  EXPECT_LE(keep_.CountAlarms("machine"), 4u);
}

TEST_F(HostileAgent, AFloodIsBoundedAndTheOthersHaveTheirTurn) {
  // Large events, in frames that nearly fill their bound, as fast as they go.
  wire::Event large;
  large.mutable_stop()->set_reason(std::string(50'000, 'x'));
  for (int i = 0; i < 40; ++i) hostile_.chain.Add(large);
  std::vector<wire::Group> groups;
  groups.push_back(hostile_.chain.GroupOf(1, 15));
  groups.push_back(hostile_.chain.GroupOf(16, 30));
  for (int i = 0; i < 60; ++i) {
    attacker_.Say(EventsOf({groups[static_cast<size_t>(i) % 2]}));
    if (i % 20 == 0) {
      honest_.chain.Exchange("alice");
      EXPECT_EQ(
          bystander_.Send(honest_, honest_.chain.Group()),
          std::to_string(honest_.chain.incarnation()) + ":" + std::to_string(honest_.chain.now().sequence));
    }
  }
  EXPECT_LE(counters().queued_bytes, uint64_t{8} << 20);
  EXPECT_LE(CountHostile(), 30u);
}

}  // namespace
}  // namespace postern::intake
