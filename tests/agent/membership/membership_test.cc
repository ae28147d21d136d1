#include "agent/membership/membership.h"

#include <atomic>
#include <fstream>
#include <future>
#include <memory>

#include <gtest/gtest.h>

#include "shared/kv/faults.h"
#include "tests/agent/membership/enrolled.h"
#include "tests/support/temporary_directory.h"

namespace postern::membership {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr int64_t kExpires = 20000 * 24 * 3600 + 3600;
const std::string kId = "k00000000001";

class MembershipTest : public testing::Test {
 protected:
  MembershipTest() { SetBoot("boot-1"); }

  void SetBoot(const std::string& id) { std::ofstream(directory_ / "boot_id") << id << "\n"; }

  std::unique_ptr<Membership> MustOpen() {
    Options options;
    options.directory = directory_.path();
    options.incarnation = 42;
    options.rules = rules_;
    options.wall_now = [this] { return wall_; };
    options.boot_now = [this] { return boot_; };
    options.boot_id_file = directory_ / "boot_id";
    options.faults = faults_;
    auto membership = Membership::Open(enrolment_, std::move(options));
    CHECK(membership.has_value());
    return *std::move(membership);
  }

  void Pass(std::chrono::nanoseconds time) {
    wall_ += time;
    boot_ += time;
  }

  void Welcome(Membership& membership, wire::AgentState state = wire::AGENT_ACTIVE) {
    wire::Welcome welcome;
    welcome.set_incarnation(42);
    welcome.set_state(state);
    if (state != wire::AGENT_ACTIVE) welcome.set_state_why("It was cloned.");
    membership.Take(welcome, boot_);
  }

  // Takes it, and waits until it is on the disk.
  static bool Take(Membership& membership, const wire::Directory& directory) {
    std::promise<void> durable;
    if (!membership.Take(directory, [&] { durable.set_value(); })) return false;
    durable.get_future().wait();
    return true;
  }

  static wire::Directory DirectoryOf(const wire::KeyRecord& key, uint64_t revision) {
    wire::Directory directory;
    *directory.add_keys() = key;
    directory.set_revision(revision);
    return directory;
  }

  const support::TemporaryDirectory directory_;
  Enrolment enrolment_ = MakeEnrolment();
  Rules rules_;
  std::shared_ptr<kv::Faults> faults_;
  WallTime wall_{hours(24 * 20000)};
  BootTime boot_{hours(100)};
};

TEST_F(MembershipTest, BeforeTheFirstWordNothingIsTrusted) {
  const auto membership = MustOpen();
  EXPECT_EQ(membership->standing().trust, Trust::kNever);
  EXPECT_EQ(membership->standing().link, Link::kAway);
  Welcome(*membership);
  EXPECT_EQ(membership->standing().trust, Trust::kYes);
  EXPECT_EQ(membership->standing().link, Link::kWelcomed);
}

TEST_F(MembershipTest, WhatWasSaidOutlivesTheLife) {
  {
    const auto membership = MustOpen();
    Welcome(*membership);
    ASSERT_TRUE(Take(*membership, DirectoryOf(KeyOf(kId, 5), 6)));
    EXPECT_EQ(membership->FindKey(kId).certainty, Certainty::kConfirmed);
    EXPECT_EQ(membership->revision(), 6u);
  }
  Pass(hours(11));
  const auto membership = MustOpen();
  EXPECT_EQ(membership->standing().trust, Trust::kYes);
  const KeyAnswer answer = membership->FindKey(kId);
  EXPECT_EQ(answer.certainty, Certainty::kRemembered);
  EXPECT_EQ(answer.key->record.principal.user, "ada@example.com");
  EXPECT_EQ(membership->standing().keys, 1u);
}

TEST_F(MembershipTest, TheMemoryIsTrustedForPolicyTtlAcrossRestartsAndBoots) {
  {
    const auto membership = MustOpen();
    Welcome(*membership);
    Pass(hours(11));
    EXPECT_EQ(membership->standing().trust, Trust::kYes);
  }
  SetBoot("boot-2");
  boot_ = BootTime(seconds(10));
  wall_ += std::chrono::minutes(59);
  {
    const auto membership = MustOpen();
    EXPECT_EQ(membership->standing().trust, Trust::kYes);
    Pass(std::chrono::minutes(2));
    EXPECT_EQ(membership->standing().trust, Trust::kTooLong);
    Welcome(*membership);
    EXPECT_EQ(membership->standing().trust, Trust::kYes);
  }
}

TEST_F(MembershipTest, StrictRevocationWantsAnAnsweredHeartbeatOfTheLastHalfMinute) {
  rules_.revocation = Revocation::kStrict;
  const auto membership = MustOpen();
  Welcome(*membership);
  Pass(seconds(30));
  EXPECT_EQ(membership->standing().trust, Trust::kYes);
  const BootTime sent = boot_;
  Pass(seconds(1));
  EXPECT_EQ(membership->standing().trust, Trust::kSilent);
  membership->Take(wire::HeartbeatAnswer(), sent);
  EXPECT_EQ(membership->standing().trust, Trust::kYes);
  EXPECT_EQ(*membership->standing().last_word, seconds(1));
}

TEST_F(MembershipTest, AQuarantineOutlivesTheLifeAndEndsWhenTheCollectorSaysSo) {
  {
    const auto membership = MustOpen();
    Welcome(*membership, wire::AGENT_QUARANTINED);
    EXPECT_EQ(membership->standing().trust, Trust::kQuarantined);
  }
  const auto membership = MustOpen();
  EXPECT_EQ(membership->standing().trust, Trust::kQuarantined);
  EXPECT_EQ(membership->standing().why, "It was cloned.");
  Welcome(*membership);
  EXPECT_EQ(membership->standing().trust, Trust::kYes);
}

TEST_F(MembershipTest, ARevokedAgentTrustsNothingAndForgetsItsCredentialsForGood) {
  rules_.credentials = CredentialCache::kMachine;
  {
    const auto membership = MustOpen();
    Welcome(*membership);
    ASSERT_TRUE(membership->Take(Seal(enrolment_, 42, "value-one", Describe("main", 1, kExpires))));
    membership->OnRefused("");
    EXPECT_EQ(membership->standing().trust, Trust::kRevoked);
    EXPECT_EQ(membership->standing().link, Link::kRefused);
    EXPECT_EQ(membership->CredentialFor({"main"}, "anthropic"), nullptr);
  }
  const auto membership = MustOpen();
  EXPECT_EQ(membership->standing().trust, Trust::kRevoked);
  EXPECT_EQ(membership->CredentialFor({"main"}, "anthropic"), nullptr);
}

TEST_F(MembershipTest, AnOlderAnswerThanTheEndOfAnOsUserIsNotTakenEvenAfterARestart) {
  {
    const auto membership = MustOpen();
    Welcome(*membership);
    wire::Directory directory;
    directory.add_os_users()->set_uid(1000);  // whom the collector doesn't know any more
    directory.set_revision(9);
    ASSERT_TRUE(Take(*membership, directory));
  }
  const auto membership = MustOpen();
  Welcome(*membership);
  EXPECT_FALSE(membership->Take(DirectoryOf(KeyOf(kId, 8), 8), {}));
  EXPECT_TRUE(membership->Take(DirectoryOf(KeyOf(kId, 9), 9), {}));
}

TEST_F(MembershipTest, WhatWasSaidToBeRememberedOfARevokedAgentOutlivesAPowerCut) {
  faults_ = std::make_shared<kv::Faults>(true);
  {
    const auto membership = MustOpen();
    Welcome(*membership);
    std::promise<void> durable;
    membership->OnRefused("This host was sold.", [&] { durable.set_value(); });
    EXPECT_EQ(membership->standing().trust, Trust::kRevoked) << "at once";
    durable.get_future().wait();
    faults_->Cut();
    static_cast<void>(membership->Close().has_value());
  }
  faults_.reset();
  EXPECT_EQ(MustOpen()->standing().trust, Trust::kRevoked);
}

TEST_F(MembershipTest, AnOlderAnswerThanTheNewestRevocationIsNotTakenEvenAfterARestart) {
  {
    const auto membership = MustOpen();
    Welcome(*membership);
    ASSERT_TRUE(Take(*membership, DirectoryOf(RevokedKeyOf(kId, 9), 9)));
  }
  const auto membership = MustOpen();
  Welcome(*membership);
  EXPECT_FALSE(membership->Take(DirectoryOf(KeyOf("k00000000002", 3), 8), [] { ADD_FAILURE(); }));
  EXPECT_EQ(membership->FindKey("k00000000002").certainty, Certainty::kNotRemembered);
  EXPECT_TRUE(membership->FindKey(kId).key->revoked);
  EXPECT_EQ(membership->Tombstones(10).size(), 1u);
}

TEST_F(MembershipTest, AKeyBoundToNamesIsUsedOnceTheMachineHasBeenAsked) {
  const auto membership = MustOpen();
  Welcome(*membership);
  wire::KeyRecord key = KeyOf(kId, 5);
  key.add_os_users("root");
  ASSERT_TRUE(Take(*membership, DirectoryOf(key, 5)));
  ASSERT_NE(membership->FindKey(kId).key, nullptr);
  EXPECT_EQ(membership->FindKey(kId).key->record.os_uids, std::vector<uid_t>{0});
}

TEST_F(MembershipTest, OnlyThisCollectorsWordToThisAgentIsRemembered) {
  wire::Memory memory;
  memory.set_agent(enrolment_.agent);
  memory.set_collector(enrolment_.collector);
  memory.set_epoch(3);
  {
    const auto membership = MustOpen();
    EXPECT_FALSE(membership->memory().has_value());
    wire::SignedMemory forged = wire::SignMemory(memory, crypto::SigningKey::Generate());
    EXPECT_EQ(membership->Remember(forged).error().code, ErrorCode::kDenied);
    wire::Memory others = memory;
    others.set_agent("agent0000002");
    EXPECT_EQ(membership->Remember(wire::SignMemory(others, LogKey())).error().code, ErrorCode::kInvalid);
    ASSERT_TRUE(membership->Remember(wire::SignMemory(memory, LogKey())));
    memory.set_epoch(2);
    EXPECT_TRUE(membership->Remember(wire::SignMemory(memory, LogKey())));  // older: changes nothing
  }
  const auto membership = MustOpen();
  ASSERT_TRUE(membership->memory().has_value());
  EXPECT_EQ(membership->epoch(), 3u);
}

TEST_F(MembershipTest, CredentialsGoWithTheProcessUnlessTheMachineMayKeepThem) {
  const auto box = Seal(enrolment_, 42, "value-one", Describe("main", 1, kExpires));
  const std::vector<std::string> names = {"main"};
  {
    const auto membership = MustOpen();
    Welcome(*membership);
    ASSERT_TRUE(membership->Take(box));
    EXPECT_EQ(membership->CredentialFor(names, "anthropic")->view(), "x-api-key: value-one\r\n");
  }
  {
    const auto membership = MustOpen();
    EXPECT_EQ(membership->CredentialFor(names, "anthropic"), nullptr);
  }
  rules_.credentials = CredentialCache::kMachine;
  {
    const auto membership = MustOpen();
    Welcome(*membership);
    ASSERT_TRUE(membership->Take(box));
  }
  {
    const auto membership = MustOpen();
    EXPECT_EQ(membership->CredentialFor(names, "anthropic")->view(), "x-api-key: value-one\r\n");
  }
  rules_.credentials = CredentialCache::kMemory;
  MustOpen();
  rules_.credentials = CredentialCache::kMachine;
  EXPECT_EQ(MustOpen()->CredentialFor(names, "anthropic"), nullptr);  // it was taken off the disk
}

TEST_F(MembershipTest, AnotherEnrolmentFindsNothingOfTheOneBefore) {
  {
    const auto membership = MustOpen();
    Welcome(*membership);
    ASSERT_TRUE(Take(*membership, DirectoryOf(KeyOf(kId, 5), 5)));
  }
  enrolment_ = MakeEnrolment("agent0000002");
  const auto membership = MustOpen();
  EXPECT_EQ(membership->FindKey(kId).certainty, Certainty::kNotRemembered);
  EXPECT_EQ(membership->standing().trust, Trust::kNever);
}

TEST_F(MembershipTest, WhoWatchesIsToldOfChanges) {
  const auto membership = MustOpen();
  int changes = 0;
  membership->OnChange([&] { ++changes; });
  Welcome(*membership);
  EXPECT_GT(changes, 0);
  membership->OnChange({});
  const int before = changes;
  membership->OnDisconnected();
  EXPECT_EQ(changes, before);
  EXPECT_EQ(membership->standing().link, Link::kAway);
}

TEST_F(MembershipTest, NothingIsCalledDurableWhileTheDiskFails) {
  faults_ = std::make_shared<kv::Faults>(false);
  const auto membership = MustOpen();
  Welcome(*membership);
  ASSERT_TRUE(Take(*membership, DirectoryOf(KeyOf(kId, 4), 4)));
  faults_->FailSyncs(true);
  std::atomic<bool> durable = false;
  ASSERT_TRUE(membership->Take(DirectoryOf(RevokedKeyOf(kId, 5), 5), [&] { durable = true; }));
  EXPECT_TRUE(membership->FindKey(kId).key->revoked);  // in force all the same
  EXPECT_FALSE(membership->Close());
  EXPECT_FALSE(durable);
}

// The queue to the disk is bounded: what found no room in it is written before anything later is called
// durable.
TEST_F(MembershipTest, ARevocationThatFoundNoRoomInTheQueueIsOnTheDiskBeforeALaterWordIs) {
  faults_ = std::make_shared<kv::Faults>(true);
  constexpr int kMany = 600;
  const auto id = [](int number) { return "k" + std::to_string(10'000'000'000 + number); };
  {
    const auto membership = MustOpen();
    Welcome(*membership);
    faults_->DelaySyncs(std::chrono::hours(1));
    uint64_t revision = 1;
    for (int i = 0; i < kMany; ++i, ++revision)
      ASSERT_TRUE(membership->Take(DirectoryOf(KeyOf(id(i), revision), revision), [] {}));
    for (int i = 0; i < kMany; ++i, ++revision)
      ASSERT_TRUE(membership->Take(DirectoryOf(RevokedKeyOf(id(i), revision), revision), [] {}));
    faults_->DelaySyncs(std::chrono::milliseconds(0));
    // Until one finds room.
    std::atomic<bool> durable = false;
    for (; !durable; ++revision)
      ASSERT_TRUE(membership->Take(DirectoryOf(KeyOf(kId, revision), revision), [&] { durable = true; }));
    faults_->Cut();
    static_cast<void>(membership->Close().has_value());
  }
  faults_.reset();
  const auto membership = MustOpen();
  for (int i = 0; i < kMany; ++i) {
    ASSERT_NE(membership->FindKey(id(i)).key, nullptr) << i;
    ASSERT_TRUE(membership->FindKey(id(i)).key->revoked) << i;
  }
}

TEST_F(MembershipTest, WhatWasCalledDurableSurvivesAPowerCut) {
  faults_ = std::make_shared<kv::Faults>(true);
  {
    const auto membership = MustOpen();
    Welcome(*membership);
    ASSERT_TRUE(Take(*membership, DirectoryOf(KeyOf(kId, 4), 4)));
    ASSERT_TRUE(Take(*membership, DirectoryOf(RevokedKeyOf(kId, 5), 5)));
    faults_->Cut();
    static_cast<void>(membership->Close().has_value());
  }
  faults_.reset();
  const auto membership = MustOpen();
  ASSERT_NE(membership->FindKey(kId).key, nullptr);
  EXPECT_TRUE(membership->FindKey(kId).key->revoked);
}

}  // namespace
}  // namespace postern::membership
