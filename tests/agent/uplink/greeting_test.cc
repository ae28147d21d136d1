// Hello and Welcome: who is spoken with, as what, and when it is begun again.
#include "tests/agent/uplink/conversing.h"

namespace postern::uplink {
namespace {

using std::chrono::seconds;

class Greeting : public Conversing {};

TEST_F(Greeting, SaysHelloFirstAndNothingElseBeforeTheWelcome) {
  signed_memory_ = wire::SignedMemory{"memory", "signature"};
  record_.Append(3);
  Connect();
  conversation_.OnSealed(now_);
  EXPECT_EQ(conversation_.Ask({"key"}, {}, now_).error().code, ErrorCode::kUnavailable);
  ASSERT_EQ(steps_.size(), 1u);
  const wire::Hello hello = Said(wire::FromAgent::kHello).at(0).hello();
  EXPECT_EQ(hello.life(), std::string(16, 'l'));
  EXPECT_EQ(*wire::ToPlace(hello.now()), record_.standpoint().now);
  ASSERT_EQ(hello.kept_size(), 1);
  EXPECT_EQ(hello.revision(), 7u);
  EXPECT_EQ(hello.policy(), 3u);
  EXPECT_EQ(hello.policy_sha256(), std::string(32, 'p'));
  EXPECT_FALSE(hello.strict());
  EXPECT_EQ(hello.policy_ttl(), 43200u);
  EXPECT_EQ(hello.memory(), "memory");
  EXPECT_EQ(hello.memory_signature(), "signature");
  Collect();
  EXPECT_TRUE(steps_.empty());
}

TEST_F(Greeting, AWelcomeIsTakenOverBeforeAnythingIsReadAndSent) {
  record_.Append(3);
  Meet();
  ASSERT_EQ(All<Greeted>().size(), 1u);
  ASSERT_EQ(All<Acknowledge>().size(), 1u);
  EXPECT_EQ(All<Acknowledge>()[0].claim, spool::Spool::Claim::kExactly);
  EXPECT_EQ(All<Acknowledge>()[0].marks[0].sequence, 0u);
  EXPECT_EQ(Said(wire::FromAgent::kHeartbeat).size(), 1u);
  ASSERT_EQ(All<Read>().size(), 1u);
  EXPECT_EQ(All<Read>()[0].reading.after, wire::Place{});
  EXPECT_EQ(CountEvents(ServeReadings()), 4u);
}

TEST_F(Greeting, AnotherIncarnationIsBegunBeforeAnythingIsSent) {
  Connect();
  wire::FromCollector welcome = Welcome();
  welcome.mutable_welcome()->set_incarnation(0xB2);
  Hear(welcome);
  ASSERT_EQ(All<BeginIncarnation>().size(), 1u);
  EXPECT_EQ(All<BeginIncarnation>()[0].incarnation, 0xB2u);
  EXPECT_TRUE(All<Read>().empty());
  EXPECT_NE(conversation_.trouble(), "");

  conversation_.OnBegun(0xB2, Error{ErrorCode::kUnavailable, "the disk is slow"}, now_);
  Collect();
  EXPECT_TRUE(All<Read>().empty());
  Wait(seconds(1));
  ASSERT_EQ(All<BeginIncarnation>().size(), 1u);

  conversation_.OnBegun(0xC3, Ok{}, now_);  // of an earlier connection
  Collect();
  EXPECT_TRUE(All<Read>().empty());
  conversation_.OnBegun(0xB2, Ok{}, now_);
  Collect();
  EXPECT_EQ(All<Read>().size(), 1u);
  EXPECT_EQ(conversation_.trouble(), "");
}

TEST_F(Greeting, AnIncarnationThatCantBeBegunIsAskedForAgainLater) {
  Connect();
  wire::FromCollector welcome = Welcome();
  welcome.mutable_welcome()->set_incarnation(0xB2);
  Hear(welcome);
  conversation_.OnBegun(0xB2, Error{ErrorCode::kInvalid, "it was used before"}, now_);
  Collect();
  EXPECT_TRUE(All<Read>().empty());
  EXPECT_EQ(conversation_.trouble(), "it was used before");
  Wait(seconds(31));
  EXPECT_EQ(Said(wire::FromAgent::kHello).size(), 1u);
}

TEST_F(Greeting, AWelcomesAgeIsCountedFromTheFirstHelloThatItMayAnswer) {
  const BootTime first = now_;
  Connect();
  Reject("say_hello");
  Wait(seconds(1));
  ASSERT_EQ(Said(wire::FromAgent::kHello).size(), 1u);
  now_ += seconds(1);
  Hear(Welcome());
  EXPECT_EQ(All<Greeted>().at(0).sent, first);
}

TEST_F(Greeting, ACollectorThatAnswersNoHelloIsLeft) {
  Connect();
  Wait(seconds(29));
  EXPECT_TRUE(All<HangUp>().empty());
  Wait(seconds(1));
  EXPECT_EQ(All<HangUp>().size(), 1u);
}

TEST_F(Greeting, AWelcomeToAQuarantinedAgentStartsNothing) {
  Connect();
  wire::FromCollector welcome = Welcome();
  welcome.mutable_welcome()->set_state(wire::AGENT_QUARANTINED);
  welcome.mutable_welcome()->set_state_why("two machines have its key");
  Hear(welcome);
  EXPECT_TRUE(All<Read>().empty());
  EXPECT_EQ(All<Quarantined>().at(0).why, "two machines have its key");
  EXPECT_EQ(Said(wire::FromAgent::kHeartbeat).size(), 1u);
}

TEST_F(Greeting, ARestoredCollectorIsGreetedAgainInAWhileAndNotLeft) {
  Connect();
  Reject("restored");
  EXPECT_EQ(conversation_.trouble(), "because of restored");
  Wait(seconds(29));
  EXPECT_TRUE(steps_.empty());
  Wait(seconds(1));
  EXPECT_EQ(Said(wire::FromAgent::kHello).size(), 1u);
  EXPECT_TRUE(All<HangUp>().empty());
}

TEST_F(Greeting, ACollectorThatFindsOutThatItWasRestoredIsToldNothingMoreUntilTheNextHello) {
  Meet();
  ServeReadings();
  Reject("restored");
  EXPECT_FALSE(conversation_.welcomed());
  EXPECT_EQ(conversation_.trouble(), "because of restored");
  for (int i = 0; i < 29; ++i) {
    Wait(seconds(1));
    ASSERT_TRUE(steps_.empty()) << i;
  }
  Wait(seconds(1));
  EXPECT_EQ(Said(wire::FromAgent::kHello).size(), 1u);
}

TEST_F(Greeting, SaysHelloAgainWhenItIsToldToButNotInARow) {
  Meet();
  Reject("say_hello");
  EXPECT_TRUE(Said(wire::FromAgent::kHello).empty());
  Wait(seconds(1));
  EXPECT_EQ(Said(wire::FromAgent::kHello).size(), 1u);
}

TEST_F(Greeting, EventsThatAreNeverAcknowledgedLeadToAnotherHello) {
  Meet();
  ServeReadings();
  for (int i = 0; i < 11; ++i) {
    Wait(seconds(5));
    ASSERT_EQ(Said(wire::FromAgent::kHeartbeat).size(), 1u);
    Answer(Said(wire::FromAgent::kHeartbeat)[0].heartbeat().nonce(), wire::AGENT_ACTIVE);
  }
  Wait(seconds(5));
  EXPECT_EQ(Said(wire::FromAgent::kHello).size(), 1u);
}

TEST_F(Greeting, TombstonesAreSaidToACollectorOfALaterEpochOnly) {
  tombstones_.emplace_back().set_id("revoked");
  Meet();
  EXPECT_TRUE(Said(wire::FromAgent::kTombstones).empty()) << "it has no memory of this collector";
  signed_memory_ = wire::SignedMemory{"memory", "signature"};
  conversation_.OnDisconnected();
  Meet();
  EXPECT_TRUE(Said(wire::FromAgent::kTombstones).empty()) << "it is the same epoch";
  conversation_.OnDisconnected();
  Connect();
  wire::FromCollector welcome = Welcome();
  welcome.mutable_welcome()->set_epoch(2);
  Hear(welcome);
  ASSERT_EQ(Said(wire::FromAgent::kTombstones).size(), 1u);
  EXPECT_EQ(Said(wire::FromAgent::kTombstones)[0].tombstones().keys(0).id(), "revoked");
}

TEST_F(Greeting, AnotherCollectorIsToldNothing) {
  for (const char* what : {"collector", "log key"}) {
    Connect();
    wire::FromCollector welcome = Welcome();
    if (what == std::string("collector")) welcome.mutable_welcome()->set_collector("badbad");
    if (what == std::string("log key")) welcome.mutable_welcome()->set_log_key(std::string(32, 'x'));
    Hear(welcome);
    EXPECT_FALSE(conversation_.welcomed()) << what;
    EXPECT_TRUE(All<Greeted>().empty());
    EXPECT_TRUE(All<Read>().empty());
    EXPECT_NE(conversation_.trouble(), "");
    conversation_.OnDisconnected();
  }
}

TEST_F(Greeting, AWelcomeToAnotherLifeIsNotTaken) {
  Connect();
  wire::FromCollector welcome = Welcome();
  welcome.mutable_welcome()->set_life(std::string(16, 'x'));
  Hear(welcome);
  EXPECT_FALSE(conversation_.welcomed());
  EXPECT_TRUE(steps_.empty());
}

TEST_F(Greeting, ACollectorIsToldWhenThisAgentGoesOnUnheardForAnotherTime) {
  Meet();
  Wait(Conversation::kHeartbeatEvery);
  EXPECT_TRUE(Said(wire::FromAgent::kHello).empty());
  enforced_.strict = true;
  Wait(Conversation::kHeartbeatEvery);
  ASSERT_EQ(Said(wire::FromAgent::kHello).size(), 1u);
  EXPECT_TRUE(Said(wire::FromAgent::kHello)[0].hello().strict());
  Hear(Welcome());
  enforced_.policy = 4;  // what Seen says
  Wait(Conversation::kHeartbeatEvery);
  EXPECT_TRUE(Said(wire::FromAgent::kHello).empty());
}

}  // namespace
}  // namespace postern::uplink
