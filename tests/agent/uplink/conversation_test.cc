// What is said besides: heartbeats, questions, what was seen, last words.
#include "tests/agent/uplink/conversing.h"

namespace postern::uplink {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class ConversationTest : public Conversing {};

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

TEST_F(ConversationTest, ACollectorThatAnswersNoHeartbeatIsLeft) {
  Meet();
  for (int i = 0; i < 5; ++i) {
    Wait(seconds(5));
    EXPECT_TRUE(All<HangUp>().empty()) << i;
  }
  Wait(seconds(5));
  EXPECT_EQ(All<HangUp>().size(), 1u);
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

TEST_F(ConversationTest, ALastWordIsSeenOnceItIsOnTheDiskAndThenAtOnce) {
  Meet();
  wire::FromCollector message;
  message.mutable_rejected()->set_reason("revoked");
  message.mutable_rejected()->set_revision(41);
  Hear(message);
  ASSERT_EQ(All<Dismissed>().size(), 1u);
  EXPECT_EQ(All<Dismissed>()[0].revision, 41u);
  EXPECT_TRUE(Said(wire::FromAgent::kSeen).empty());
  conversation_.OnDismissalDurable(41);
  Collect();
  ASSERT_EQ(Said(wire::FromAgent::kSeen).size(), 1u);
  EXPECT_EQ(Said(wire::FromAgent::kSeen)[0].seen().revision(), 41u);
}

TEST_F(ConversationTest, WhatIsOnTheDiskIsSeenAfterAPauseAndOnceForAllThatCameInIt) {
  Meet();
  conversation_.OnDurable(8, now_);
  Wait(Conversation::kSeenAfter - milliseconds(1));
  EXPECT_TRUE(Said(wire::FromAgent::kSeen).empty());
  conversation_.OnDurable(9, now_);
  ASSERT_LE(conversation_.due(), now_ + Conversation::kSeenAfter + milliseconds(1));
  Wait(Conversation::kSeenAfter + milliseconds(1));
  ASSERT_EQ(Said(wire::FromAgent::kSeen).size(), 1u);
  EXPECT_EQ(Said(wire::FromAgent::kSeen)[0].seen().revision(), 9u);
  Wait(2 * Conversation::kSeenAfter);
  EXPECT_TRUE(Said(wire::FromAgent::kSeen).empty()) << "it is said once";
  conversation_.OnDurable(10, now_);
  Wait(2 * Conversation::kSeenAfter);
  EXPECT_EQ(Said(wire::FromAgent::kSeen).size(), 1u);
}

TEST_F(ConversationTest, WhatAnEarlierConnectionWasToldIsNotSeenOnTheNext) {
  Meet();
  conversation_.OnDurable(8, now_);
  conversation_.OnDisconnected();
  conversation_.OnDurable(9, now_);  // it was on its way
  Meet();
  Wait(2 * Conversation::kSeenAfter);
  EXPECT_TRUE(Said(wire::FromAgent::kSeen).empty());
}

TEST_F(ConversationTest, ACredentialsSeenSpeaksOfNoRevision) {
  Meet();
  conversation_.SayCredentialSeen("main#2");
  Collect();
  ASSERT_EQ(Said(wire::FromAgent::kSeen).size(), 1u);
  EXPECT_EQ(Said(wire::FromAgent::kSeen)[0].seen().credential(), "main#2");
  EXPECT_EQ(Said(wire::FromAgent::kSeen)[0].seen().revision(), 0u) << "it may not be on the disk yet";
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
