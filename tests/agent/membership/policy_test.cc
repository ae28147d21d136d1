// Policies and freezes as the membership takes them: with a real disk and a real thread.
#include <fstream>
#include <future>
#include <memory>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "agent/membership/cache_store.h"
#include "agent/membership/membership.h"
#include "agent/membership/refusal_quota.h"
#include "shared/base/guarded.h"
#include "shared/kv/faults.h"
#include "shared/policy/compiled.h"
#include "tests/agent/membership/policies.h"
#include "tests/support/temporary_directory.h"

namespace postern::membership {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class PolicyTest : public testing::Test {
 protected:
  PolicyTest() { std::ofstream(directory_ / "boot_id") << "boot-1\n"; }

  std::unique_ptr<Membership> MustOpen() {
    Options options;
    options.directory = directory_.path();
    options.incarnation = 42;
    options.rules = rules_;
    options.policy_key = pinned_;
    options.record = [this](wire::Event event) {
      events_.With([&](std::vector<wire::PolicyChange>& all) { all.push_back(event.policy_change()); });
    };
    options.wall_now = [this] { return wall_; };
    options.boot_now = [this] { return boot_; };
    options.boot_id_file = directory_ / "boot_id";
    options.faults = faults_;
    auto membership = Membership::Open(enrolment_, std::move(options));
    CHECK(membership.has_value());
    return *std::move(membership);
  }

  // Open, and greeted by a collector that shows its policy key.
  std::unique_ptr<Membership> MustMeet(const crypto::SigningKey& key = PolicyKey()) {
    auto membership = MustOpen();
    Welcome(*membership, key);
    return membership;
  }

  void Welcome(Membership& membership, const crypto::SigningKey& key = PolicyKey()) {
    wire::Welcome welcome;
    welcome.set_incarnation(42);
    welcome.set_policy_key(std::string(key.public_key().raw()));
    membership.Take(welcome, boot_);
  }

  // What becomes of a policy that comes as these parts.
  static PolicyAnswer Offer(Membership& membership, const std::vector<wire::PolicyPart>& parts) {
    const auto answered = std::make_shared<std::promise<PolicyAnswer>>();
    const auto once = std::make_shared<std::atomic<bool>>(false);
    for (const wire::PolicyPart& part : parts) {
      membership.Take(part, [answered, once](const PolicyAnswer& answer) {
        if (!once->exchange(true)) answered->set_value(answer);
      });
    }
    return answered->get_future().get();
  }
  static PolicyAnswer Offer(Membership& membership, const std::string& bytes, uint64_t version) {
    return Offer(membership, PartsOf(bytes, version, 100));
  }
  static PolicyAnswer Offer(Membership& membership, const wire::Policy& policy) {
    return Offer(membership, SignedBytes(policy), policy.version());
  }

  static bool Allows(const Membership& membership, const std::string& model) {
    const auto policy = membership.policy();
    return policy != nullptr && policy->rules->AllowsModel({}, model);
  }

  std::vector<wire::PolicyChange> Events() {
    return events_.With([](const std::vector<wire::PolicyChange>& all) { return all; });
  }

  // It is refused with a sentence like this, which is recorded, and version 5 goes on.
  void ExpectRefused(Membership& membership, const std::vector<wire::PolicyPart>& parts,
                     const std::string& why) {
    const size_t before = Events().size();
    const uint64_t counted = membership.standing().policies_refused;
    const PolicyAnswer answer = Offer(membership, parts);
    EXPECT_NE(answer.refused.find(why), std::string::npos) << answer.refused;
    EXPECT_EQ(answer.policy.version, parts[0].version());
    ASSERT_NE(membership.policy(), nullptr);
    EXPECT_EQ(membership.policy()->version, 5u);
    EXPECT_TRUE(Allows(membership, "claude-opus-5-5"));
    EXPECT_EQ(membership.enforced().policy.version, 5u);
    EXPECT_EQ(membership.standing().policies_refused, counted + 1);
    EXPECT_EQ(membership.standing().policy_refusal, answer.refused);
    const auto events = Events();
    ASSERT_EQ(events.size(), before + 1) << why;
    EXPECT_EQ(events.back().outcome(), "refused");
    EXPECT_EQ(events.back().version(), parts[0].version());
    EXPECT_EQ(events.back().sentence(), answer.refused);
    EXPECT_EQ(events.back().former_version(), 5u);
  }
  void ExpectRefused(Membership& membership, const std::string& bytes, uint64_t version,
                     const std::string& why) {
    ExpectRefused(membership, PartsOf(bytes, version, 100), why);
  }

  const support::TemporaryDirectory directory_;
  Enrolment enrolment_ = MakeEnrolment();
  Rules rules_;
  std::optional<crypto::PublicKey> pinned_;
  std::shared_ptr<kv::Faults> faults_;
  Guarded<std::vector<wire::PolicyChange>> events_;
  WallTime wall_{hours(24 * 20000)};
  BootTime boot_{hours(100)};
};

TEST_F(PolicyTest, OneThatIsSignedIsInForceAndOnTheDiskWhenItIsAnsweredFor) {
  const auto membership = MustMeet();
  EXPECT_EQ(membership->policy(), nullptr);
  EXPECT_EQ(membership->enforced().policy, PolicyMark{});
  const wire::Policy policy = PolicyOf(5);
  const PolicyAnswer answer = Offer(*membership, policy);
  EXPECT_EQ(answer.refused, "");
  EXPECT_EQ(answer.policy.version, 5u);
  EXPECT_EQ(answer.policy.sha256, DigestOf(policy.SerializeAsString()));
  EXPECT_TRUE(Allows(*membership, "claude-opus-5-5"));
  EXPECT_FALSE(Allows(*membership, "claude-haiku-4-5"));
  EXPECT_EQ(membership->enforced().policy, answer.policy);
  EXPECT_EQ(membership->policy()->sha256, answer.policy.sha256);
  ASSERT_EQ(Events().size(), 1u);
  EXPECT_EQ(Events()[0].outcome(), "taken");
  EXPECT_EQ(Events()[0].version(), 5u);
  EXPECT_EQ(Events()[0].former_version(), 0u);
  EXPECT_EQ(Events()[0].sha256(), answer.policy.sha256);
}

TEST_F(PolicyTest, ANewerOneTakesItsPlaceAndTheSameOneIsAnsweredForAgain) {
  const auto membership = MustMeet();
  Offer(*membership, PolicyOf(5));
  EXPECT_EQ(Offer(*membership, PolicyOf(8, "claude-haiku-4-5")).refused, "");
  EXPECT_TRUE(Allows(*membership, "claude-haiku-4-5"));
  EXPECT_FALSE(Allows(*membership, "claude-opus-5-5"));
  EXPECT_EQ(Offer(*membership, PolicyOf(8, "claude-haiku-4-5")).refused, "");
  ASSERT_EQ(Events().size(), 2u);
  EXPECT_EQ(Events()[1].former_version(), 5u);
}

TEST_F(PolicyTest, WhatWasTamperedWithIsRefused) {
  const auto membership = MustMeet();
  Offer(*membership, PolicyOf(5));
  const std::string bytes = SignedBytes(PolicyOf(6, "claude-haiku-4-5"));
  // The digest too may be made to fit by who changes the bytes.
  std::string changed = bytes;
  changed.replace(changed.find("haiku"), 5, "hakiu");
  ExpectRefused(*membership, changed, 6, "signature is wrong");
  auto parts = PartsOf(bytes, 6);
  parts[0].set_piece(changed);
  ExpectRefused(*membership, parts, "digest");
  ExpectRefused(*membership, bytes.substr(0, bytes.size() / 2), 6, "");
  ExpectRefused(*membership, "\xff\xff\xff", 7, "can't be read");
  // Every byte counts: whatever one is changed, it isn't taken.
  for (size_t at = 0; at < bytes.size(); at += 7) {
    std::string one = bytes;
    one[at] = static_cast<char>(one[at] ^ 0x20);
    EXPECT_NE(Offer(*membership, one, 6).refused, "") << at;
    EXPECT_EQ(membership->policy()->version, 5u);
  }
}

TEST_F(PolicyTest, WhatWasTruncatedIsNeverWhole) {
  const auto membership = MustMeet();
  Offer(*membership, PolicyOf(5));
  auto parts = PartsOf(SignedBytes(PolicyOf(6, "claude-haiku-4-5")), 6, 20);
  parts.pop_back();
  for (const wire::PolicyPart& part : parts)
    membership->Take(part, [](const PolicyAnswer&) { ADD_FAILURE() << "it was answered for"; });
  EXPECT_EQ(Offer(*membership, PolicyOf(7)).refused, "");  // what was begun is forgotten
  EXPECT_EQ(membership->policy()->version, 7u);
}

TEST_F(PolicyTest, OneThatIsSignedByAnotherKeyIsRefused) {
  const auto membership = MustMeet();
  Offer(*membership, PolicyOf(5));
  ExpectRefused(*membership, SignedBytes(PolicyOf(6), crypto::SigningKey::Generate()), 6, "another key");
  wire::SignedPolicy borrowed =
      policy::Sign(PolicyOf(6, "claude-haiku-4-5"), "", crypto::SigningKey::Generate());
  borrowed.set_key_id(policy::KeyIdOf(PolicyKey().public_key()));
  ExpectRefused(*membership, borrowed.SerializeAsString(), 6, "signature is wrong");
}

TEST_F(PolicyTest, AnOlderOneIsRefusedAndSoIsTheSameVersionWithOtherRules) {
  {
    const auto membership = MustMeet();
    Offer(*membership, PolicyOf(4));
    Offer(*membership, PolicyOf(5));
    ExpectRefused(*membership, SignedBytes(PolicyOf(4)), 4, "older than version 5");
    ExpectRefused(*membership, SignedBytes(PolicyOf(5, "claude-haiku-4-5")), 5, "said something else");
  }
  const auto membership = MustMeet();  // the next life knows it, too
  ExpectRefused(*membership, SignedBytes(PolicyOf(4)), 4, "older than version 5");
}

TEST_F(PolicyTest, OneOfAnotherCollectorOrWithAnotherVersionThanAnnouncedIsRefused) {
  const auto membership = MustMeet();
  Offer(*membership, PolicyOf(5));
  wire::Policy others = PolicyOf(6);
  others.set_collector(std::string(16, 'x'));
  ExpectRefused(*membership, SignedBytes(others), 6, "another collector's");
  ExpectRefused(*membership, SignedBytes(PolicyOf(6)), 7, "another version");
  wire::Policy future = PolicyOf(6);
  future.set_format(99);
  ExpectRefused(*membership, SignedBytes(future), 6, "format 99");
  ExpectRefused(*membership, SignedBytes(PolicyOf(0)), 9, "no version");
}

TEST_F(PolicyTest, OneThatCantBeCompiledIsRefused) {
  const auto membership = MustMeet();
  Offer(*membership, PolicyOf(5));
  wire::Policy orphan = PolicyOf(6);
  orphan.add_teams()->set_id("ml");
  orphan.mutable_teams(0)->set_parent("nobody");
  ExpectRefused(*membership, SignedBytes(orphan), 6, "nobody");
}

TEST_F(PolicyTest, PiecesOutOfOrderAndOversizedOnesAreRefused) {
  const auto membership = MustMeet();
  Offer(*membership, PolicyOf(5));
  auto parts = PartsOf(SignedBytes(PolicyOf(6)), 6, 20);
  std::swap(parts[1], parts[2]);
  ExpectRefused(*membership, parts, "order");
  parts = PartsOf(SignedBytes(PolicyOf(6)), 6);
  parts[0].set_size(wire::kMaxPolicyBytes + 1);
  ExpectRefused(*membership, parts, "too large");
}

TEST_F(PolicyTest, AFloodOfBadOnesIsCountedAndRecordedNowAndThen) {
  const auto membership = MustMeet();
  Offer(*membership, PolicyOf(5));
  for (uint64_t version = 6; version < 106; ++version)
    EXPECT_NE(Offer(*membership, SignedBytes(PolicyOf(version), LogKey()), version).refused, "");
  EXPECT_EQ(membership->standing().policies_refused, 100u);
  EXPECT_EQ(Events().size(), 1u + RefusalQuota::kAtOnce);
  boot_ += RefusalQuota::kEvery;
  Offer(*membership, SignedBytes(PolicyOf(7), LogKey()), 7);
  EXPECT_EQ(Events().size(), 2u + RefusalQuota::kAtOnce);
  EXPECT_EQ(Offer(*membership, PolicyOf(107)).refused, "");
  EXPECT_EQ(membership->standing().policy_refusal, "");
}

TEST_F(PolicyTest, TheFirstKeyThatTheCollectorShowsIsTheOneThatCounts) {
  const crypto::SigningKey another = crypto::SigningKey::Generate();
  {
    const auto membership = MustOpen();
    EXPECT_NE(Offer(*membership, PolicyOf(4)).refused.find("isn't known here yet"), std::string::npos);
    Welcome(*membership);
    EXPECT_EQ(Offer(*membership, PolicyOf(5)).refused, "");
    Welcome(*membership, another);
    ExpectRefused(*membership, SignedBytes(PolicyOf(6), another), 6, "another key");
  }
  const auto membership = MustMeet(another);
  ExpectRefused(*membership, SignedBytes(PolicyOf(6), another), 6, "another key");
  EXPECT_EQ(Offer(*membership, PolicyOf(6)).refused, "");
}

TEST_F(PolicyTest, AKeyThatIsPinnedIsTheOnlyOneThatCounts) {
  const crypto::SigningKey offline = crypto::SigningKey::Generate();
  pinned_ = offline.public_key();
  {
    const auto membership = MustMeet();
    EXPECT_NE(Offer(*membership, PolicyOf(5)).refused, "");
    EXPECT_EQ(membership->policy(), nullptr);
    EXPECT_EQ(Offer(*membership, SignedBytes(PolicyOf(5), offline), 5).refused, "");
  }
  EXPECT_EQ(MustOpen()->policy()->version, 5u);
  pinned_.reset();  // no longer: then it was signed by nobody who counts
  const auto membership = MustOpen();
  EXPECT_EQ(membership->policy(), nullptr);
  EXPECT_NE(membership->standing().policy_refusal.find("another key"), std::string::npos);
  // What was in force stays the oldest that may be.
  EXPECT_NE(Offer(*membership, PolicyOf(4)).refused.find("older than version 5"), std::string::npos);
  EXPECT_EQ(Offer(*membership, PolicyOf(6)).refused, "");
}

TEST_F(PolicyTest, IsInForceAtAStartWithoutTheCollectorAsLongAsWhatIsKnownIsTrusted) {
  {
    const auto membership = MustMeet();
    Offer(*membership, PolicyOf(5));
  }
  wall_ += hours(11);
  boot_ += hours(11);
  const auto membership = MustOpen();
  ASSERT_NE(membership->policy(), nullptr);
  EXPECT_EQ(membership->policy()->taken, wall_ - hours(11));
  EXPECT_TRUE(Allows(*membership, "claude-opus-5-5"));
  EXPECT_EQ(membership->enforced().policy.version, 5u);
  EXPECT_EQ(membership->outlook().trust, Trust::kYes);
  boot_ += hours(2);
  EXPECT_EQ(membership->outlook().trust, Trust::kTooLong);
  EXPECT_EQ(Events().size(), 1u);  // a start is no change
}

TEST_F(PolicyTest, WhatLiesOnTheDiskIsVerifiedAgainAtTheStart) {
  {
    const auto membership = MustMeet();
    Offer(*membership, PolicyOf(5));
  }
  const auto replace = [&](const std::string& bytes, uint64_t version) {
    auto store = *CacheStore::Open(directory_.path(), enrolment_, nullptr);
    store->PutPolicy(bytes, {version, DigestOf(PolicyOf(version).SerializeAsString())}, wall_);
    ASSERT_TRUE(store->Commit());
  };
  std::string changed = SignedBytes(PolicyOf(5));
  changed.replace(changed.find("opus"), 4, "opsu");
  replace(changed, 5);
  {
    const auto membership = MustOpen();
    EXPECT_EQ(membership->policy(), nullptr);
    EXPECT_EQ(membership->enforced().policy, PolicyMark{});  // it is sent again
    ASSERT_EQ(Events().size(), 2u);
    EXPECT_EQ(Events()[1].outcome(), "refused");
    EXPECT_NE(Events()[1].sentence().find("signature is wrong"), std::string::npos);
    EXPECT_EQ(Offer(*membership, PolicyOf(5)).refused, "");
    EXPECT_EQ(membership->policy()->version, 5u);
  }
  // An older one, put back where a newer one was in force.
  auto store = *CacheStore::Open(directory_.path(), enrolment_, nullptr);
  store->PutPolicy(SignedBytes(PolicyOf(4)), {5, DigestOf(PolicyOf(5).SerializeAsString())}, wall_);
  ASSERT_TRUE(store->Commit());
  store.reset();
  const auto membership = MustOpen();
  EXPECT_EQ(membership->policy(), nullptr);
  EXPECT_NE(membership->standing().policy_refusal.find("older than version 5"), std::string::npos);
}

TEST_F(PolicyTest, IsInForceButNotAnsweredForWhileTheDiskFails) {
  faults_ = std::make_shared<kv::Faults>(false);
  const auto membership = MustMeet();
  Offer(*membership, PolicyOf(5));
  std::promise<void> changed;
  membership->OnChange([&, told = false]() mutable {
    if (!std::exchange(told, true)) changed.set_value();
  });
  faults_->FailSyncs(true);
  for (const wire::PolicyPart& part : PartsOf(SignedBytes(PolicyOf(6, "claude-haiku-4-5")), 6))
    membership->Take(part, [](const PolicyAnswer& answer) { EXPECT_NE(answer.policy.version, 6u); });
  changed.get_future().wait();
  EXPECT_TRUE(Allows(*membership, "claude-haiku-4-5"));
  EXPECT_EQ(membership->enforced().policy.version, 5u);  // Hello says what is on the disk
  // One that comes while the disk fails is in force, too.
  std::promise<void> again;
  membership->OnChange([&, told = false]() mutable {
    if (!std::exchange(told, true)) again.set_value();
  });
  for (const wire::PolicyPart& part : PartsOf(SignedBytes(PolicyOf(7)), 7))
    membership->Take(part, [](const PolicyAnswer& answer) { EXPECT_NE(answer.policy.version, 7u); });
  again.get_future().wait();
  EXPECT_EQ(membership->policy()->version, 7u);
  membership->OnChange({});
  EXPECT_FALSE(membership->Close());
}

TEST_F(PolicyTest, OneThatWasAnsweredForSurvivesAPowerCut) {
  faults_ = std::make_shared<kv::Faults>(true);
  {
    const auto membership = MustMeet();
    Offer(*membership, PolicyOf(5));
    Offer(*membership, PolicyOf(6, "claude-haiku-4-5"));
    faults_->Cut();
    static_cast<void>(membership->Close().has_value());
  }
  faults_.reset();
  const auto membership = MustOpen();
  ASSERT_NE(membership->policy(), nullptr);
  EXPECT_EQ(membership->policy()->version, 6u);
}

TEST_F(PolicyTest, TheStricterOfPolicyAndConfigurationCounts) {
  const auto membership = MustMeet();
  Offer(*membership, PolicyOf(5));
  EXPECT_FALSE(membership->enforced().strict);
  EXPECT_EQ(membership->enforced().policy_ttl, hours(12));
  wire::Policy policy = PolicyOf(6);
  policy.mutable_staleness()->set_policy_ttl(3600);
  Offer(*membership, policy);
  EXPECT_EQ(membership->enforced().policy_ttl, hours(1));
  boot_ += hours(2);
  EXPECT_EQ(membership->outlook().trust, Trust::kTooLong);
  Welcome(*membership);
  policy.set_version(7);
  policy.mutable_staleness()->set_strict(true);
  Offer(*membership, policy);
  EXPECT_TRUE(membership->enforced().strict);
  EXPECT_EQ(membership->outlook().revocation, Revocation::kStrict);
  boot_ += seconds(31);
  EXPECT_EQ(membership->outlook().trust, Trust::kSilent);
  Welcome(*membership);
  rules_.policy_ttl = std::chrono::minutes(10);
  membership->Use(rules_);
  EXPECT_EQ(membership->enforced().policy_ttl, std::chrono::minutes(10));
}

TEST_F(PolicyTest, AnotherCatalogueMakesTheSamePolicyAnew) {
  const auto membership = MustMeet();
  Offer(*membership, PolicyOf(5));
  EXPECT_FALSE(Allows(*membership, "opus"));
  std::promise<void> changed;
  membership->OnChange([&, told = false]() mutable {
    if (!std::exchange(told, true)) changed.set_value();
  });
  policy::Catalogue catalogue;
  catalogue.models.push_back({"claude-opus-5-5", {"opus"}});
  membership->Use(std::make_shared<const policy::Catalogue>(catalogue));
  changed.get_future().wait();
  EXPECT_TRUE(Allows(*membership, "opus"));
  EXPECT_EQ(membership->policy()->version, 5u);
  membership->OnChange({});
}

TEST_F(PolicyTest, AnotherEnrolmentFindsNeitherPolicyNorFreeze) {
  {
    const auto membership = MustMeet();
    Offer(*membership, PolicyOf(5));
  }
  enrolment_ = MakeEnrolment("agent0000002");
  const auto membership = MustMeet();
  EXPECT_EQ(membership->policy(), nullptr);
  EXPECT_EQ(Offer(*membership, PolicyOf(3)).refused, "");
}

// ---- Freezes. ----

wire::Freeze FreezeOf(uint64_t revision, bool frozen) {
  wire::Freeze freeze;
  freeze.set_revision(revision);
  freeze.set_frozen(frozen);
  freeze.set_since(1'700'000'000);
  if (frozen) freeze.set_sentence("A key has leaked.");
  return freeze;
}

class FreezeTest : public PolicyTest {
 protected:
  static void Tell(Membership& membership, const wire::Freeze& freeze) {
    wire::Directory directory;
    directory.set_revision(freeze.revision());
    *directory.mutable_freeze() = freeze;
    std::promise<void> durable;
    ASSERT_TRUE(membership.Take(directory, [&] { durable.set_value(); }));
    durable.get_future().wait();
  }
};

TEST_F(FreezeTest, IsInForceAtOnceAndAtAStartWithoutTheCollectorUntilTheThaw) {
  {
    const auto membership = MustMeet();
    EXPECT_EQ(membership->freeze(), std::nullopt);
    Tell(*membership, FreezeOf(9, true));
    EXPECT_EQ(membership->freeze(),
              (Freeze{"A key has leaked.", std::chrono::sys_seconds(seconds(1'700'000'000))}));
  }
  {
    const auto membership = MustOpen();
    ASSERT_TRUE(membership->freeze());
    EXPECT_EQ(membership->standing().freeze->sentence, "A key has leaked.");
    Tell(*membership, FreezeOf(10, false));
    EXPECT_EQ(membership->freeze(), std::nullopt);
  }
  EXPECT_EQ(MustOpen()->freeze(), std::nullopt);
}

TEST_F(FreezeTest, OfTheHigherRevisionCountsWhateverComesLast) {
  const auto membership = MustMeet();
  Tell(*membership, FreezeOf(9, true));
  Tell(*membership, FreezeOf(8, false));
  EXPECT_TRUE(membership->freeze());
  Tell(*membership, FreezeOf(9, false));
  EXPECT_TRUE(membership->freeze()) << "of one revision the one that freezes counts";
  Tell(*membership, FreezeOf(11, false));
  Tell(*membership, FreezeOf(10, true));
  EXPECT_FALSE(membership->freeze());
}

TEST_F(FreezeTest, OfAWelcomeIsTakenAndAnsweredForWhenItIsOnTheDisk) {
  {
    const auto membership = MustOpen();
    wire::Welcome welcome;
    welcome.set_incarnation(42);
    *welcome.mutable_freeze() = FreezeOf(9, true);
    std::promise<void> durable;
    membership->Take(welcome, boot_, [&] { durable.set_value(); });
    EXPECT_TRUE(membership->freeze());
    durable.get_future().wait();
    welcome.clear_freeze();
    membership->Take(welcome, boot_, [] { ADD_FAILURE() << "nothing was said of a freeze"; });
    EXPECT_TRUE(membership->freeze());
  }
  EXPECT_TRUE(MustOpen()->freeze());
}

TEST_F(FreezeTest, IsTakenFromAnAnswerWhoseRecordsAreTooOld) {
  const auto membership = MustMeet();
  wire::Directory revoked;
  *revoked.add_keys() = RevokedKeyOf("k00000000001", 20);
  revoked.set_revision(20);
  ASSERT_TRUE(membership->Take(revoked, [] {}));
  wire::Directory old;
  *old.add_keys() = KeyOf("k00000000002", 3);
  old.set_revision(19);
  *old.mutable_freeze() = FreezeOf(19, true);
  EXPECT_FALSE(membership->Take(old, [] { ADD_FAILURE(); }));
  EXPECT_TRUE(membership->freeze());
  EXPECT_EQ(membership->FindKey("k00000000002").key, nullptr);
}

TEST_F(FreezeTest, AndEveryOtherRevocationIsToldBeforeTheCallReturns) {
  const auto membership = MustMeet();
  int changes = 0;
  membership->OnChange([&] { ++changes; });
  wire::Directory directory;
  directory.set_revision(9);
  *directory.mutable_freeze() = FreezeOf(9, true);
  membership->Take(directory, [] {});
  EXPECT_EQ(changes, 1);
  wire::Directory revoked;
  *revoked.add_keys() = RevokedKeyOf("k00000000001", 10);
  revoked.set_revision(10);
  membership->Take(revoked, [] {});
  EXPECT_EQ(changes, 2);
  membership->OnRefused("This host was sold.");
  EXPECT_EQ(changes, 3);
  EXPECT_EQ(membership->outlook().trust, Trust::kRevoked);
  EXPECT_EQ(membership->standing().why, "This host was sold.");
  membership->OnRefused("");  // the door says it without a sentence
  EXPECT_EQ(membership->standing().why, "This host was sold.");
  membership->OnChange({});
}

}  // namespace
}  // namespace postern::membership
