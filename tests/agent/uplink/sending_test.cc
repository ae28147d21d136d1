// What of the record goes to the collector, in which order, and what is sent again.
#include "tests/agent/uplink/conversing.h"

namespace postern::uplink {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Sending : public Conversing {};

TEST_F(Sending, GroupsAreSentExactlyAsTheyWereSealed) {
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

TEST_F(Sending, NoMoreThanTheWindowIsOnTheWayUntilSomeIsAcknowledged) {
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

TEST_F(Sending, ManySmallGroupsAreDividedIntoMessagesThatMayBeRead) {
  for (int i = 0; i < 200; ++i) record_.Append(1);
  Meet();
  const auto messages = ServeReadings();
  EXPECT_EQ(CountEvents(messages), 201u);
  EXPECT_EQ(messages.size(), 4u);
}

TEST_F(Sending, WhatIsSealedLaterFollowsWhatWasSent) {
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

TEST_F(Sending, SomethingMissingIsSentAgainFromTheLastMark) {
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

TEST_F(Sending, WhatWasReadForAnEarlierRoundIsNotSentInALaterOne) {
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

TEST_F(Sending, AChainThatIsNotTakenDoesntHoldUpTheNext) {
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

TEST_F(Sending, AnOldChainThatWasClosedMayBeTrimmedThoughItIsNeverAcknowledged) {
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

TEST_F(Sending, AForkEndsTheSendingUntilTheCollectorSaysThatItIsActiveAgain) {
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

TEST_F(Sending, AMarkThatIsNotOfThisRecordHoldsTheSending) {
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

TEST_F(Sending, AMemoryIsHandedOnExactly) {
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

TEST_F(Sending, ReadsAgainAfterTheRecordWasUnavailable) {
  Meet();
  const Reading reading = All<Read>().at(0).reading;
  conversation_.OnRead(reading.round, Error{ErrorCode::kUnavailable, "the disk is slow"}, now_);
  Collect();
  EXPECT_TRUE(All<Read>().empty());
  Wait(seconds(1));
  EXPECT_EQ(All<Read>().size(), 1u);
}

}  // namespace
}  // namespace postern::uplink
