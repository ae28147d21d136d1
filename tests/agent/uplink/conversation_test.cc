#include "agent/uplink/conversation.h"

#include <gtest/gtest.h>

#include "tests/agent/uplink/chain_record.h"

namespace postern::uplink {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr uint64_t kIncarnation = 0xA1;

// A conversation with a real record, whose steps are kept for the test to look at.
class ConversationTest : public testing::Test {
 protected:
  ConversationTest()
      : conversation_(
            {.life = std::string(16, 'l'),
             .agent_version = "1",
             .host = "host",
             .machine = record_.machine(),
             .collector = "c0ffee",
             .log_key = std::string(32, 'k')},
            {.standpoint = [this] { return record_.standpoint(); },
             .memory = [this] { return signed_memory_; },
             .epoch = [this] { return epoch_; },
             .revision = [this] { return revision_; },
             .enforced = [this] { return enforced_; },
             .tombstones = [this] { return tombstones_; },
             .make_nonce = [this] { return std::string(15, 'n') + static_cast<char>('a' + nonces_++); }},
            record_.key()) {}

  // The steps of one kind since the last Collect.
  template <class T>
  std::vector<T> All() const {
    std::vector<T> found;
    for (const Step& step : steps_)
      if (const T* one = std::get_if<T>(&step)) found.push_back(*one);
    return found;
  }
  std::vector<wire::FromAgent> Said(wire::FromAgent::BodyCase body) const {
    std::vector<wire::FromAgent> found;
    for (const Say& say : All<Say>())
      if (say.message.body_case() == body) found.push_back(say.message);
    return found;
  }
  void Collect() { steps_ = conversation_.TakeSteps(); }

  wire::FromCollector Welcome() {
    wire::FromCollector message;
    wire::Welcome& welcome = *message.mutable_welcome();
    welcome.set_life(std::string(16, 'l'));
    welcome.set_collector("c0ffee");
    welcome.set_log_key(std::string(32, 'k'));
    welcome.set_epoch(1);
    welcome.set_incarnation(record_.standpoint().now.incarnation);
    welcome.add_acknowledged()->set_incarnation(kIncarnation);
    return message;
  }
  void Hear(const wire::FromCollector& message) {
    conversation_.OnMessage(message, now_);
    Collect();
  }
  void Reject(const std::string& reason, uint64_t incarnation = kIncarnation) {
    wire::FromCollector message;
    message.mutable_rejected()->set_reason(reason);
    message.mutable_rejected()->set_sentence("because of " + reason);
    message.mutable_rejected()->set_incarnation(incarnation);
    message.mutable_rejected()->set_say_hello(reason == "say_hello" || reason == "restored");
    Hear(message);
  }
  void AcknowledgeAll() {
    wire::FromCollector message;
    *message.mutable_acknowledged()->add_marks() = wire::ToMark(record_.standpoint().now);
    Hear(message);
  }
  void Answer(const std::string& nonce, wire::AgentState state) {
    wire::FromCollector message;
    message.mutable_heartbeat_answer()->set_nonce(nonce);
    message.mutable_heartbeat_answer()->set_state(state);
    Hear(message);
  }
  void Wait(std::chrono::nanoseconds time) {
    now_ += time;
    conversation_.OnTime(now_);
    Collect();
  }
  void Connect() {
    conversation_.OnConnected(now_);
    Collect();
  }
  void Meet() {
    Connect();
    Hear(Welcome());
  }
  // Reads what the conversation wants read, until it wants no more. The messages that came of it.
  std::vector<wire::Events> ServeReadings() {
    std::vector<wire::Events> sent;
    for (auto readings = All<Read>(); !readings.empty(); readings = All<Read>()) {
      const Reading reading = readings.back().reading;
      record_.record().read_groups(reading.after, reading.max_bytes, [&](auto groups) {
        conversation_.OnRead(reading.round, std::move(groups), now_);
      });
      Collect();
      for (const auto& message : Said(wire::FromAgent::kEvents)) sent.push_back(message.events());
    }
    return sent;
  }
  static size_t CountEvents(const std::vector<wire::Events>& messages) {
    size_t count = 0;
    for (const auto& message : messages)
      for (const auto& group : message.groups()) count += static_cast<size_t>(group.events_size());
    return count;
  }

  ChainRecord record_{kIncarnation};
  std::optional<wire::SignedMemory> signed_memory_;
  uint64_t epoch_ = 1;
  uint64_t revision_ = 7;
  Enforced enforced_{
      .policy = 3, .policy_sha256 = std::string(32, 'p'), .strict = false, .policy_ttl = 43200};
  std::vector<wire::KeyRecord> tombstones_;
  int nonces_ = 0;
  BootTime now_ = BootTime{} + std::chrono::hours(100);
  Conversation conversation_;
  std::vector<Step> steps_;
};

TEST_F(ConversationTest, SaysHelloFirstAndNothingElseBeforeTheWelcome) {
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

TEST_F(ConversationTest, AWelcomeIsTakenOverBeforeAnythingIsReadAndSent) {
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

TEST_F(ConversationTest, GroupsAreSentExactlyAsTheyWereSealed) {
  record_.Append(3);
  Meet();
  const auto messages = ServeReadings();
  ASSERT_EQ(messages.size(), 1u);
  std::vector<std::string> events;
  wire::Head head = wire::kFirstHead;
  for (const wire::Group& group : messages[0].groups()) {
    EXPECT_EQ(group.incarnation(), kIncarnation);
    EXPECT_EQ(group.first_sequence(), events.size() + 1);
    for (const std::string& event : group.events()) {
      events.push_back(event);
      head = wire::Extend(head, event);
    }
    wire::Seal seal;
    ASSERT_TRUE(seal.ParseFromString(group.seal()));
    EXPECT_TRUE(wire::VerifySeal(seal, record_.key().public_key()));
    EXPECT_EQ(seal.head(), crypto::AsBytes(head));
  }
  EXPECT_EQ(events, record_.events(kIncarnation));
}

TEST_F(ConversationTest, NoMoreThanTheWindowIsOnTheWayUntilSomeIsAcknowledged) {
  for (int i = 0; i < 20; ++i) record_.Append(10, 50'000);  // 10 MB
  Meet();
  const auto first = ServeReadings();
  EXPECT_GE(CountEvents(first), 60u);
  EXPECT_LE(CountEvents(first), 100u);
  for (const wire::Events& events : first) {
    wire::FromAgent message;
    *message.mutable_events() = events;
    EXPECT_TRUE(wire::Encode(message));
  }
  conversation_.OnSealed(now_);
  Collect();
  EXPECT_TRUE(All<Read>().empty());
  AcknowledgeAll();
  EXPECT_EQ(All<Acknowledge>().at(0).claim, spool::Spool::Claim::kAtLeast);
  EXPECT_GE(CountEvents(ServeReadings()), 60u);
}

TEST_F(ConversationTest, ManySmallGroupsAreDividedIntoMessagesThatMayBeRead) {
  for (int i = 0; i < 200; ++i) record_.Append(1);
  Meet();
  const auto messages = ServeReadings();
  EXPECT_EQ(CountEvents(messages), 201u);
  EXPECT_EQ(messages.size(), 4u);
}

TEST_F(ConversationTest, WhatIsSealedLaterFollowsWhatWasSent) {
  Meet();
  EXPECT_EQ(CountEvents(ServeReadings()), 1u);
  record_.Append(2);
  conversation_.OnSealed(now_);
  Collect();
  ASSERT_EQ(All<Read>().size(), 1u);
  EXPECT_EQ(All<Read>()[0].reading.after.sequence, 1u);
  const auto messages = ServeReadings();
  EXPECT_EQ(messages.at(0).groups(0).first_sequence(), 2u);
}

TEST_F(ConversationTest, AnotherIncarnationIsBegunBeforeAnythingIsSent) {
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

TEST_F(ConversationTest, AnIncarnationThatCantBeBegunIsAskedForAgainLater) {
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

TEST_F(ConversationTest, AHeartbeatIsSaidEveryFiveSecondsAndSignedOverTheHead) {
  record_.Append(4);
  Meet();
  Wait(milliseconds(4999));
  EXPECT_TRUE(Said(wire::FromAgent::kHeartbeat).empty());
  Wait(milliseconds(1));
  ASSERT_EQ(Said(wire::FromAgent::kHeartbeat).size(), 1u);
  const wire::Heartbeat heartbeat = Said(wire::FromAgent::kHeartbeat)[0].heartbeat();
  EXPECT_TRUE(wire::VerifyHeartbeat(heartbeat, record_.key().public_key()));
  EXPECT_EQ(*wire::ToPlace(heartbeat.now()), record_.standpoint().now);
  EXPECT_EQ(heartbeat.unsent(), 5u);
  EXPECT_EQ(heartbeat.revision(), 7u);
}

TEST_F(ConversationTest, AnAnswersAgeIsCountedFromWhenItsHeartbeatWasSent) {
  Meet();
  const BootTime sent = now_;
  now_ += seconds(3);
  Answer(std::string(15, 'n') + 'a', wire::AGENT_ACTIVE);
  ASSERT_EQ(All<Heard>().size(), 1u);
  EXPECT_EQ(All<Heard>()[0].sent, sent);
  Answer(std::string(15, 'n') + 'a', wire::AGENT_ACTIVE);  // again
  EXPECT_TRUE(All<Heard>().empty());
  Answer(std::string(15, 'n') + 'z', wire::AGENT_ACTIVE);  // never said
  EXPECT_TRUE(All<Heard>().empty());
}

TEST_F(ConversationTest, AWelcomesAgeIsCountedFromTheFirstHelloThatItMayAnswer) {
  const BootTime first = now_;
  Connect();
  Reject("say_hello");
  Wait(seconds(1));
  ASSERT_EQ(Said(wire::FromAgent::kHello).size(), 1u);
  now_ += seconds(1);
  Hear(Welcome());
  EXPECT_EQ(All<Greeted>().at(0).sent, first);
}

TEST_F(ConversationTest, ACollectorThatAnswersNoHelloIsLeft) {
  Connect();
  Wait(seconds(29));
  EXPECT_TRUE(All<HangUp>().empty());
  Wait(seconds(1));
  EXPECT_EQ(All<HangUp>().size(), 1u);
}

TEST_F(ConversationTest, ACollectorThatAnswersNoHeartbeatIsLeft) {
  Meet();
  for (int i = 0; i < 5; ++i) {
    Wait(seconds(5));
    EXPECT_TRUE(All<HangUp>().empty()) << i;
  }
  Wait(seconds(5));
  EXPECT_EQ(All<HangUp>().size(), 1u);
}

TEST_F(ConversationTest, SomethingMissingIsSentAgainFromTheLastMark) {
  record_.Append(3);
  Meet();
  EXPECT_EQ(CountEvents(ServeReadings()), 4u);
  Reject("missing");
  Reject("missing");
  EXPECT_TRUE(All<Read>().empty());
  Wait(milliseconds(500));
  ASSERT_EQ(All<Read>().size(), 1u);
  EXPECT_EQ(All<Read>()[0].reading.after, wire::Place{});
  EXPECT_EQ(CountEvents(ServeReadings()), 4u);
}

TEST_F(ConversationTest, WhatWasReadForAnEarlierRoundIsNotSentInALaterOne) {
  record_.Append(3);
  Meet();
  const Reading reading = All<Read>().at(0).reading;
  Reject("missing");
  record_.record().read_groups(reading.after, reading.max_bytes, [&](auto groups) {
    conversation_.OnRead(reading.round, std::move(groups), now_);
  });
  Collect();
  EXPECT_TRUE(Said(wire::FromAgent::kEvents).empty());
  Wait(milliseconds(500));
  EXPECT_EQ(CountEvents(ServeReadings()), 4u);
}

TEST_F(ConversationTest, AChainThatIsNotTakenDoesntHoldUpTheNext) {
  record_.Append(3);
  record_.record().begin_incarnation(0xB2, [](const Status&) {});
  record_.Append(5);
  Meet();
  EXPECT_EQ(CountEvents(ServeReadings()), 10u);
  Reject("unverified");
  EXPECT_EQ(All<Remark>().size(), 1u);
  Reject("missing", 0xB2);
  Wait(milliseconds(500));
  const auto again = ServeReadings();
  EXPECT_EQ(CountEvents(again), 6u);
  EXPECT_EQ(again.at(0).groups(0).incarnation(), 0xB2u);
}

TEST_F(ConversationTest, AnOldChainThatWasClosedMayBeTrimmedThoughItIsNeverAcknowledged) {
  record_.Append(3);
  const spool::Mark end = record_.standpoint().now;
  record_.record().begin_incarnation(0xB2, [](const Status&) {});
  Meet();
  ServeReadings();
  Reject("closed", 0xB2);  // the present one: another will be issued
  EXPECT_TRUE(All<Acknowledge>().empty());
  Reject("closed");
  ASSERT_EQ(All<Acknowledge>().size(), 1u);
  EXPECT_EQ(All<Acknowledge>()[0].marks, std::vector<wire::Place>{end});
  EXPECT_EQ(All<Acknowledge>()[0].claim, spool::Spool::Claim::kAtLeast);
}

TEST_F(ConversationTest, AForkEndsTheSendingUntilTheCollectorSaysThatItIsActiveAgain) {
  Meet();
  ServeReadings();
  Reject("fork");
  ASSERT_EQ(All<Quarantined>().size(), 1u);
  EXPECT_EQ(All<Quarantined>()[0].why, "because of fork");
  record_.Append(3);
  conversation_.OnSealed(now_);
  Collect();
  EXPECT_TRUE(All<Read>().empty());
  Answer(std::string(15, 'n') + 'a', wire::AGENT_QUARANTINED);
  EXPECT_TRUE(All<Quarantined>().empty());
  Wait(seconds(5));
  Answer(std::string(15, 'n') + 'b', wire::AGENT_ACTIVE);
  Wait(seconds(0));
  EXPECT_EQ(Said(wire::FromAgent::kHello).size(), 1u);
  Hear(Welcome());
  EXPECT_EQ(All<Read>().size(), 1u);
}

TEST_F(ConversationTest, AWelcomeToAQuarantinedAgentStartsNothing) {
  Connect();
  wire::FromCollector welcome = Welcome();
  welcome.mutable_welcome()->set_state(wire::AGENT_QUARANTINED);
  welcome.mutable_welcome()->set_state_why("two machines have its key");
  Hear(welcome);
  EXPECT_TRUE(All<Read>().empty());
  EXPECT_EQ(All<Quarantined>().at(0).why, "two machines have its key");
  EXPECT_EQ(Said(wire::FromAgent::kHeartbeat).size(), 1u);
}

TEST_F(ConversationTest, ARestoredCollectorIsGreetedAgainInAWhileAndNotLeft) {
  Connect();
  Reject("restored");
  EXPECT_EQ(conversation_.trouble(), "because of restored");
  Wait(seconds(29));
  EXPECT_TRUE(steps_.empty());
  Wait(seconds(1));
  EXPECT_EQ(Said(wire::FromAgent::kHello).size(), 1u);
  EXPECT_TRUE(All<HangUp>().empty());
}

TEST_F(ConversationTest, ACollectorThatFindsOutThatItWasRestoredIsToldNothingMoreUntilTheNextHello) {
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

TEST_F(ConversationTest, SaysHelloAgainWhenItIsToldToButNotInARow) {
  Meet();
  Reject("say_hello");
  EXPECT_TRUE(Said(wire::FromAgent::kHello).empty());
  Wait(seconds(1));
  EXPECT_EQ(Said(wire::FromAgent::kHello).size(), 1u);
}

TEST_F(ConversationTest, EventsThatAreNeverAcknowledgedLeadToAnotherHello) {
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

TEST_F(ConversationTest, QuestionsAreAskedOnceAndAgainWhereNoAnswerComes) {
  Meet();
  wire::OsIdentity user;
  user.set_uid(1000);
  user.set_name("alice");
  ASSERT_TRUE(conversation_.Ask({"key1", "key2"}, {user}, now_));
  ASSERT_TRUE(conversation_.Ask({"key1"}, {}, now_));
  Collect();
  ASSERT_EQ(Said(wire::FromAgent::kQuery).size(), 1u);
  EXPECT_EQ(Said(wire::FromAgent::kQuery)[0].query().key_ids_size(), 2);
  EXPECT_EQ(Said(wire::FromAgent::kQuery)[0].query().os_users(0).name(), "alice");

  wire::FromCollector answer;
  answer.mutable_directory()->add_keys()->set_id("key1");
  answer.mutable_directory()->add_os_users()->set_uid(1000);
  answer.mutable_directory()->mutable_os_users(0)->set_name("alice");
  Hear(answer);
  EXPECT_EQ(All<Learn>().size(), 1u);
  Wait(seconds(10));
  ASSERT_EQ(Said(wire::FromAgent::kQuery).size(), 1u);
  EXPECT_EQ(Said(wire::FromAgent::kQuery)[0].query().key_ids(0), "key2");
  EXPECT_EQ(Said(wire::FromAgent::kQuery)[0].query().os_users_size(), 0);

  wire::FromCollector nothing;
  nothing.mutable_directory()->add_unknown_keys("key2");
  Hear(nothing);
  Wait(seconds(10));
  EXPECT_TRUE(Said(wire::FromAgent::kQuery).empty());
}

TEST_F(ConversationTest, ManyQuestionsAreDividedAndTooManyRefused) {
  Meet();
  std::vector<std::string> keys;
  for (int i = 0; i < 300; ++i) keys.push_back("key" + std::to_string(i));
  ASSERT_TRUE(conversation_.Ask(keys, {}, now_));
  Collect();
  EXPECT_EQ(Said(wire::FromAgent::kQuery).size(), 2u);
  EXPECT_EQ(conversation_.Ask(std::vector<std::string>(4000, "k"), {}, now_).error().code,
            ErrorCode::kExhausted);
}

TEST_F(ConversationTest, QuestionsOfALostConnectionAreAskedOnTheNext) {
  Meet();
  ASSERT_TRUE(conversation_.Ask({"key1"}, {}, now_));
  conversation_.OnDisconnected();
  Meet();
  ASSERT_EQ(Said(wire::FromAgent::kQuery).size(), 1u);
  EXPECT_EQ(Said(wire::FromAgent::kQuery)[0].query().key_ids(0), "key1");
}

TEST_F(ConversationTest, AnAnswerThatIsOutOfDateIsAskedForAgain) {
  Meet();
  wire::Directory old;
  old.add_keys()->set_id("key1");
  old.add_unknown_keys("key2");
  conversation_.AskAgain(old, now_);
  Collect();
  ASSERT_EQ(Said(wire::FromAgent::kQuery).size(), 1u);
  EXPECT_EQ(Said(wire::FromAgent::kQuery)[0].query().key_ids_size(), 2);
}

TEST_F(ConversationTest, TombstonesAreSaidToACollectorOfALaterEpochOnly) {
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

TEST_F(ConversationTest, AnotherCollectorIsToldNothing) {
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

TEST_F(ConversationTest, AWelcomeToAnotherLifeIsNotTaken) {
  Connect();
  wire::FromCollector welcome = Welcome();
  welcome.mutable_welcome()->set_life(std::string(16, 'x'));
  Hear(welcome);
  EXPECT_FALSE(conversation_.welcomed());
  EXPECT_TRUE(steps_.empty());
}

TEST_F(ConversationTest, AMarkThatIsNotOfThisRecordHoldsTheSending) {
  Meet();
  ServeReadings();
  conversation_.OnAcknowledged({{}, spool::Spool::Claim::kExactly},
                               Error{ErrorCode::kInvalid, "not of this chain"}, now_);
  Collect();
  EXPECT_EQ(conversation_.trouble(), "not of this chain");
  record_.Append(1);
  conversation_.OnSealed(now_);
  Collect();
  EXPECT_TRUE(All<Read>().empty());
}

TEST_F(ConversationTest, AMemoryIsHandedOnExactly) {
  Meet();
  wire::FromCollector message;
  *message.mutable_acknowledged()->add_marks() = wire::ToMark(record_.standpoint().now);
  message.mutable_acknowledged()->set_memory("the bytes");
  message.mutable_acknowledged()->set_memory_signature("the signature");
  Hear(message);
  ASSERT_EQ(All<Remember>().size(), 1u);
  EXPECT_EQ(All<Remember>()[0].memory.bytes, "the bytes");
  EXPECT_EQ(All<Remember>()[0].memory.signature, "the signature");
}

TEST_F(ConversationTest, ReadsAgainAfterTheRecordWasUnavailable) {
  Meet();
  const Reading reading = All<Read>().at(0).reading;
  conversation_.OnRead(reading.round, Error{ErrorCode::kUnavailable, "the disk is slow"}, now_);
  Collect();
  EXPECT_TRUE(All<Read>().empty());
  Wait(seconds(1));
  EXPECT_EQ(All<Read>().size(), 1u);
}

TEST_F(ConversationTest, ACollectorIsToldWhenThisAgentGoesOnUnheardForAnotherTime) {
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

TEST_F(ConversationTest, APolicyCountsOnlyAfterTheWelcome) {
  wire::FromCollector message;
  message.mutable_policy_part()->set_version(4);
  message.mutable_policy_part()->set_piece("p");
  Connect();
  Hear(message);
  EXPECT_TRUE(All<Assemble>().empty());
  conversation_.SayPolicySeen(4, "", "");
  Collect();
  EXPECT_TRUE(Said(wire::FromAgent::kSeen).empty());
  Hear(Welcome());
  Hear(message);
  ASSERT_EQ(All<Assemble>().size(), 1u);
  EXPECT_EQ(All<Assemble>()[0].part.version(), 4u);
}

TEST_F(ConversationTest, ARevokedAgentSendsNothingMoreHoweverItIsTold) {
  Meet();
  Reject("revoked");
  ASSERT_EQ(All<Dismissed>().size(), 1u);
  EXPECT_EQ(All<Dismissed>()[0].why, "because of revoked");
  record_.Append(1);
  conversation_.OnSealed(now_);
  Collect();
  EXPECT_TRUE(All<Read>().empty());

  conversation_.OnDisconnected();
  Meet();
  Wait(Conversation::kHeartbeatEvery);
  Answer(Said(wire::FromAgent::kHeartbeat).at(0).heartbeat().nonce(), wire::AGENT_REVOKED);
  EXPECT_EQ(All<Dismissed>().size(), 1u);
  EXPECT_TRUE(All<Quarantined>().empty());
}

TEST_F(ConversationTest, ALastWordIsSeenOnceTheAgentGoesByIt) {
  Meet();
  wire::FromCollector message;
  message.mutable_rejected()->set_reason("revoked");
  message.mutable_rejected()->set_revision(41);
  Hear(message);
  ASSERT_EQ(All<Dismissed>().size(), 1u);
  ASSERT_EQ(Said(wire::FromAgent::kSeen).size(), 1u);
  EXPECT_EQ(Said(wire::FromAgent::kSeen)[0].seen().revision(), 41u);
}

TEST_F(ConversationTest, TheTimeThatIsDueAlwaysLiesAheadOnceItHasBeenServed) {
  record_.Append(3);
  Meet();
  ServeReadings();
  ASSERT_TRUE(conversation_.Ask({"key1"}, {}, now_));
  Reject("missing");
  for (int i = 0; i < 200; ++i) {
    ASSERT_GT(conversation_.due(), now_);
    now_ = conversation_.due();
    conversation_.OnTime(now_);
    Collect();
    if (!All<HangUp>().empty()) {
      conversation_.OnDisconnected();
      Meet();
    }
    ServeReadings();
  }
}

}  // namespace
}  // namespace postern::uplink
