#include "collector/intake/intake.h"

#include <functional>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "shared/sealing/sealed_credential.h"
#include "tests/collector/chronicle/flawed_store.h"
#include "tests/collector/intake/keep.h"

namespace postern::intake {
namespace {

using chronicle::Flaw;
using chronicle::FlawedStore;

std::string At(const Host& host) {
  return std::to_string(host.chain.incarnation()) + ":" + std::to_string(host.chain.now().sequence);
}

wire::FromAgent Asking(const std::vector<std::string>& keys) {
  wire::FromAgent message;
  for (const std::string& key : keys) message.mutable_query()->add_key_ids(key);
  return message;
}

// A keep, and a host that has joined it and speaks.
class IntakeTest : public testing::Test {
 protected:
  FlawedStore* store_ = new FlawedStore;  // the keep's
  Keep keep_{std::unique_ptr<store::Store>(store_)};
  Host host_ = keep_.Enrol("laptop-17");
  std::unique_ptr<Caller> caller_ = std::make_unique<Caller>(keep_, host_);

  IntakeTest() { Join(*caller_, host_); }

  void Reconnect() {
    caller_ = std::make_unique<Caller>(keep_, host_);
    Join(*caller_, host_);
  }

  wire::Directory Ask(const std::vector<std::string>& keys) {
    caller_->Say(Asking(keys));
    return NextDirectory();
  }

  wire::Directory NextDirectory() {
    const auto answer = caller_->Hear(wire::FromCollector::kDirectory);
    EXPECT_TRUE(answer);
    return answer ? answer->directory() : wire::Directory();
  }

  // The first that is as it must be: what was changed before the question may be told once more after it.
  wire::Directory DirectoryWhere(const std::function<bool(const wire::Directory&)>& holds) {
    for (;;) {
      const auto answer = caller_->Hear(wire::FromCollector::kDirectory);
      if (!answer) {
        ADD_FAILURE() << "it never came";
        return {};
      }
      if (holds(answer->directory())) return answer->directory();
    }
  }

  void SaySeen(uint64_t revision) {
    wire::FromAgent message;
    message.mutable_seen()->set_revision(revision);
    caller_->Say(message);
  }
};

// ── the record ─────────────────────────────────────────────────────────────────────────────────────────────

TEST_F(IntakeTest, EventsAreAcknowledgedWithASignedMemory) {
  host_.chain.Exchange("alice");
  EXPECT_EQ(caller_->Send(host_, host_.chain.Group()), At(host_));
  const auto memory =
      wire::OpenMemory(host_.memory.bytes, host_.memory.signature, keep_.log_key->public_key());
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->agent(), host_.agent);
  EXPECT_EQ(memory->epoch(), 1u);
  EXPECT_EQ(*wire::ToPlace(memory->acknowledged()), host_.chain.now());
  EXPECT_EQ(memory->log_size(), keep_.store->stats().log_size);
  EXPECT_EQ(keep_.presence().counters.events, 3u);
}

TEST_F(IntakeTest, EventsCanBeFoundByWhoMadeThem) {
  host_.chain.Exchange("alice").Exchange("bob");
  caller_->Send(host_, host_.chain.Group());
  store::EventFilter filter;
  filter.user = "alice";
  EXPECT_EQ(keep_.store->Find(filter, std::nullopt, 10)->events.size(), 2u);
}

TEST_F(IntakeTest, WhatWasStoredThoughTheAgentWasNotToldCountsOnce) {
  // The collector is killed between commit and acknowledgement: it comes back with the events stored.
  const wire::Group group = host_.chain.Exchange("alice").Group();
  caller_->Say(EventsOf({group}));
  ASSERT_TRUE(keep_.Until([&] { return keep_.CountStored(host_.agent) == 3; }));
  keep_.Close();
  keep_.Open();
  Reconnect();
  EXPECT_EQ(caller_->Send(host_, group), At(host_));
  EXPECT_EQ(keep_.CountStored(host_.agent), 3u);
  EXPECT_EQ(keep_.presence().counters.duplicates, 3u);
}

TEST_F(IntakeTest, ACommitThatFailedIsNotAcknowledgedAndMayBeRepeated) {
  const wire::Group group = host_.chain.Exchange("alice").Group();
  store_->flaw = Flaw::kBefore;
  EXPECT_EQ(caller_->Send(host_, group), "busy");
  EXPECT_EQ(keep_.CountStored(host_.agent), 0u);
  EXPECT_EQ(caller_->Send(host_, group), At(host_));
  EXPECT_EQ(keep_.CountStored(host_.agent), 3u);
}

TEST_F(IntakeTest, ACommitThatFailedLateIsADuplicateWhenItIsRepeated) {
  const wire::Group group = host_.chain.Exchange("alice").Group();
  store_->flaw = Flaw::kAfter;
  EXPECT_EQ(caller_->Send(host_, group), "busy");
  EXPECT_EQ(caller_->Send(host_, group), At(host_));
  EXPECT_EQ(keep_.CountStored(host_.agent), 3u);
  const auto sums = keep_.store->Sum({.from = WallTime::min(), .to = WallTime::max()});
  EXPECT_EQ(sums->front().spending.requests, 1u);
}

TEST_F(IntakeTest, WhatWaitsIsStoredAndAcknowledgedBeforeItCloses) {
  std::vector<wire::Group> groups;
  for (int i = 0; i < 50; ++i) groups.push_back(host_.chain.Exchange("alice").Group());
  for (const wire::Group& group : groups) caller_->Say(EventsOf({group}));
  ASSERT_TRUE(keep_.Until([&] { return keep_.presence().counters.groups > 0; }));
  keep_.intake->Close();
  // Whatever was received is stored, and whole.
  const auto chain = *keep_.store->FindChain(host_.agent, host_.chain.incarnation());
  ASSERT_TRUE(chain);
  EXPECT_EQ(chain->head, host_.chain.PlaceAt(chain->sequence).head);
}

// ── presence ───────────────────────────────────────────────────────────────────────────────────────────────

TEST_F(IntakeTest, AHeartbeatShowsWhatHasNotBeenSent) {
  caller_->Send(host_, host_.chain.Group());
  host_.chain.Exchange("alice");
  wire::FromAgent beat = HeartbeatOf(host_);
  beat.mutable_heartbeat()->set_unsent(2);
  caller_->Say(beat);
  const auto answer = caller_->Hear(wire::FromCollector::kHeartbeatAnswer);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->heartbeat_answer().nonce(), std::string(16, 'n'));
  EXPECT_EQ(answer->heartbeat_answer().state(), wire::AGENT_ACTIVE);
  const auto presence = keep_.presence().Find(host_.agent);
  ASSERT_TRUE(presence);
  EXPECT_TRUE(presence->connected);
  EXPECT_TRUE(presence->heartbeat);
  EXPECT_EQ(presence->tail(), 2u);
  EXPECT_EQ(presence->unsent, 2u);
  EXPECT_EQ(presence->stored.sequence, 1u);
}

TEST_F(IntakeTest, WhoHasGoneIsShownAsGoneWithItsTail) {
  caller_->Send(host_, host_.chain.Group());
  host_.chain.Exchange("alice");
  caller_->Say(HeartbeatOf(host_));
  ASSERT_TRUE(caller_->Hear(wire::FromCollector::kHeartbeatAnswer));
  caller_.reset();
  EXPECT_TRUE(keep_.Until([&] { return !keep_.presence().Find(host_.agent)->connected; }));
  EXPECT_EQ(keep_.presence().Find(host_.agent)->tail(), 2u);
  EXPECT_EQ(keep_.presence().connected(), 0u);
}

TEST_F(IntakeTest, AHeartbeatOfAnotherHistoryIsAFork) {
  host_.chain.Exchange("alice");
  Host clone = host_;
  caller_->Send(host_, host_.chain.Group());
  clone.chain = HostChain(clone.seal_key, host_.chain.incarnation());
  clone.chain.Start().Exchange("mallory");
  caller_->Say(HeartbeatOf(clone));
  const auto answer = caller_->Hear(wire::FromCollector::kHeartbeatAnswer);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->heartbeat_answer().state(), wire::AGENT_QUARANTINED);
  EXPECT_TRUE(keep_.HasAlarm("fork"));
}

TEST_F(IntakeTest, AHeartbeatThatIsBehindWhatIsStoredIsAskedForAHello) {
  caller_->Send(host_, host_.chain.Group());
  Host behind = host_;
  host_.chain.Exchange("alice");
  caller_->Send(host_, host_.chain.Group());
  caller_->Say(HeartbeatOf(behind));
  const auto asked = caller_->Hear(wire::FromCollector::kRejected);
  ASSERT_TRUE(asked);
  EXPECT_TRUE(asked->rejected().say_hello());
}

// ── the directory ──────────────────────────────────────────────────────────────────────────────────────────

TEST_F(IntakeTest, AQueryIsAnsweredWithTheCredentialFirst) {
  const std::string key = keep_.MakeKey("alice");
  caller_->Say(Asking({key, "zzzzzzzzzzzz"}));
  const auto first = caller_->HearAny();
  ASSERT_TRUE(first && first->has_credential());
  const wire::SealedCredential& sealed = first->credential();
  const auto value = sealing::OpenCredential(sealed.box(), *host_.sealing_key,
                                             {.agent = host_.agent,
                                              .incarnation = host_.chain.incarnation(),
                                              .name = sealed.name(),
                                              .provider = sealed.provider(),
                                              .header = sealed.header(),
                                              .generation = sealed.generation(),
                                              .expires = sealed.expires()});
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ(value->view(), "provider-value");
  const wire::Directory directory = NextDirectory();
  ASSERT_EQ(directory.keys_size(), 1);
  EXPECT_EQ(directory.keys(0).id(), key);
  EXPECT_EQ(directory.keys(0).user(), "alice");
  ASSERT_EQ(directory.unknown_keys_size(), 1);
  EXPECT_EQ(directory.unknown_keys(0), "zzzzzzzzzzzz");
  EXPECT_GE(directory.revision(), directory.keys(0).revision());
}

TEST_F(IntakeTest, AnOsUserIsResolvedAndItsChangesArePushed) {
  keep_.MakeKey("alice");
  wire::FromAgent question;
  question.mutable_query()->add_os_users()->set_name("alice");
  caller_->Say(question);
  wire::Directory directory = NextDirectory();
  ASSERT_EQ(directory.os_users_size(), 1);
  EXPECT_TRUE(directory.os_users(0).known());
  EXPECT_EQ(directory.os_users(0).team(), "platform");
  directory::UserUpdate update;
  update.disabled = true;
  ASSERT_TRUE(keep_.directory->people().UpdateUser(keep_.administrator, "alice", update));
  directory = NextDirectory();
  ASSERT_EQ(directory.os_users_size(), 1);
  EXPECT_FALSE(directory.os_users(0).known());
}

TEST_F(IntakeTest, ARevocationIsPushedToWhoAskedForTheKeyAndRepeatedUntilItIsSeen) {
  const std::string key = keep_.MakeKey("alice");
  Host other = keep_.Enrol("laptop-18");
  Caller stranger(keep_, other);
  Join(stranger, other);
  Ask({key});
  ASSERT_TRUE(keep_.directory->keys().Revoke(keep_.administrator, key, "it was leaked"));
  const wire::Directory pushed =
      DirectoryWhere([](const wire::Directory& directory) { return directory.keys(0).revoked(); });
  ASSERT_EQ(pushed.keys_size(), 1);
  EXPECT_EQ(pushed.keys(0).sentence(), "it was leaked");
  EXPECT_TRUE(wire::VerifyTombstone(pushed.keys(0), keep_.log_key->public_key()));
  const wire::Directory repeated = NextDirectory();
  EXPECT_TRUE(repeated.keys(0).revoked());
  SaySeen(repeated.revision());
  EXPECT_TRUE(keep_.Until([&] { return keep_.presence().Find(host_.agent)->revision >= pushed.revision(); }));
  EXPECT_EQ(keep_.presence().counters.pushes, 1u);  // the other agent never asked
}

TEST_F(IntakeTest, AChangeOfAUserIsAChangeOfItsKeys) {
  const std::string key = keep_.MakeKey("alice");
  EXPECT_FALSE(Ask({key}).keys(0).disabled());
  directory::UserUpdate update;
  update.disabled = true;
  ASSERT_TRUE(keep_.directory->people().UpdateUser(keep_.administrator, "alice", update));
  DirectoryWhere([](const wire::Directory& pushed) { return pushed.keys(0).disabled(); });
}

TEST_F(IntakeTest, ARotatedCredentialIsSealedAnew) {
  Ask({keep_.MakeKey("alice")});
  ASSERT_TRUE(keep_.directory->credentials().Rotate(keep_.administrator, "main", "another-value"));
  for (;;) {
    const auto sealed = caller_->Hear(wire::FromCollector::kCredential);
    ASSERT_TRUE(sealed);
    if (sealed->credential().generation() == 2) break;
  }
}

TEST_F(IntakeTest, CredentialsComeAgainAtTheNextWelcome) {
  Ask({keep_.MakeKey("alice")});
  Reconnect();
  const auto sealed = caller_->Hear(wire::FromCollector::kCredential);
  ASSERT_TRUE(sealed);
  EXPECT_EQ(sealed->credential().name(), "main");
}

TEST_F(IntakeTest, AKeyForOtherHostsBringsNoCredential) {
  const std::string key = keep_.MakeKey("alice");
  directory::KeyUpdate update;
  update.hosts = {"elsewhere"};
  ASSERT_TRUE(keep_.directory->keys().Update(keep_.administrator, key, update));
  caller_->Say(Asking({key}));
  const auto first = caller_->HearAny();
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->has_directory());
}

TEST_F(IntakeTest, ARevokedAgentIsCutOffAtOnce) {
  ASSERT_TRUE(keep_.directory->agents().Revoke(keep_.administrator, host_.agent));
  EXPECT_TRUE(keep_.Until([&] {
    caller_->client().Wait(std::chrono::milliseconds(5));
    return caller_->client().state() == bus::ClientState::kRefused;
  }));
  EXPECT_EQ(keep_.CountStored(host_.agent), 0u);
}

}  // namespace
}  // namespace postern::intake
