#include "agent/gate/bar.h"

#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/agent/membership/enrolled.h"
#include "tests/agent/membership/policies.h"
#include "tests/support/temporary_directory.h"

namespace postern::gate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uid_t kAlice = 1000;
const std::string kId = "k7x2m9q4w8ab";

// Somebody who is being served, and all that they are held against.
class BarTest : public testing::Test {
 protected:
  BarTest() {
    settings_.host_name = "build-7";
    membership::Options options;
    options.directory = directory_.path();
    options.incarnation = 42;
    options.boot_now = [this] { return BootClock::now() + later_; };
    membership_ = *membership::Membership::Open(enrolment_, std::move(options));
    inquiries_.emplace(*loop_, *worker_, *membership_, [this](auto keys, const auto&) {
      asked_.insert(asked_.end(), keys.begin(), keys.end());
      return Status(Ok{});
    });
    wire::Welcome welcome;
    welcome.set_incarnation(42);
    welcome.set_policy_key(std::string(membership::PolicyKey().public_key().raw()));
    membership_->Take(welcome, BootClock::now());
  }
  ~BarTest() override {
    inquiries_.reset();
    worker_.reset();
  }

  void Say(const wire::KeyRecord& key) {
    wire::Directory directory;
    *directory.add_keys() = key;
    directory.set_revision(key.revision());
    ASSERT_TRUE(membership_->Take(directory, {}));
  }
  void SayFrozen(uint64_t revision, bool frozen, const std::string& sentence) {
    wire::Directory directory;
    directory.set_revision(revision);
    directory.mutable_freeze()->set_revision(revision);
    directory.mutable_freeze()->set_frozen(frozen);
    directory.mutable_freeze()->set_sentence(sentence);
    ASSERT_TRUE(membership_->Take(directory, {}));
  }
  void PutInForce(const wire::Policy& policy) {
    std::promise<std::string> refused;
    for (const auto& part : membership::PartsOf(membership::SignedBytes(policy), policy.version()))
      membership_->Take(part,
                        [&](const membership::PolicyAnswer& answer) { refused.set_value(answer.refused); });
    ASSERT_EQ(refused.get_future().get(), "");
  }
  std::optional<Refusal> ByCollector() {
    return WhyBarredByCollector(live_, *inquiries_, settings_, WallNow());
  }
  std::optional<Refusal> ByFiles(std::string_view keys) {
    settings_.keys = *identity::KeyTable::Parse(keys, "keys.yaml");
    return WhyBarredByFiles(live_, settings_, WallNow());
  }

  const support::TemporaryDirectory directory_;
  const membership::Enrolment enrolment_ = membership::MakeEnrolment();
  const std::unique_ptr<http::Loop> loop_ = *http::Loop::Make();
  std::unique_ptr<http::Worker> worker_ = std::make_unique<http::Worker>();
  std::unique_ptr<membership::Membership> membership_;
  std::optional<Inquiries> inquiries_;
  std::vector<std::string> asked_;
  std::chrono::nanoseconds later_{0};
  Settings settings_;
  http::Strand strand_{*loop_};
  const identity::Identity who_{.principal = {"ada@example.com", "platform", ""}, .key = KeyId{kId}};
  LiveExchange live_{strand_, who_, kAlice};
};

TEST_F(BarTest, AGoodKeyGoesOnAndARevokedOneEndsInItsOwnWords) {
  Say(membership::KeyOf(kId, 5));
  EXPECT_FALSE(ByCollector());
  Say(membership::RevokedKeyOf(kId, 6));
  const auto why = ByCollector();
  ASSERT_TRUE(why);
  EXPECT_EQ(why->reason, Reason::kRevokedKey);
  EXPECT_EQ(why->sentence, "Your Postern key was revoked: This key was lost.");
}

TEST_F(BarTest, ADisabledAnExpiredAndAnotherHostsKeyEnd) {
  wire::KeyRecord key = membership::KeyOf(kId, 5);
  key.set_disabled(true);
  Say(key);
  EXPECT_EQ(ByCollector()->reason, Reason::kDisabledKey);
  key = membership::KeyOf(kId, 6);
  key.set_expires(1);
  Say(key);
  EXPECT_EQ(ByCollector()->reason, Reason::kExpiredKey);
  key = membership::KeyOf(kId, 7);
  key.add_hosts("another");
  Say(key);
  EXPECT_EQ(ByCollector()->reason, Reason::kKeyNotForHost);
  key = membership::KeyOf(kId, 8);
  key.add_os_users("77");
  Say(key);
  EXPECT_EQ(ByCollector()->reason, Reason::kKeyNotForOsUser);
}

TEST_F(BarTest, WhatIsOnlyRememberedIsAskedForAgainAndGoesOnMeanwhile) {
  Say(membership::KeyOf(kId, 5));
  EXPECT_FALSE(ByCollector());
  EXPECT_THAT(asked_, IsEmpty());
  membership_->OnDisconnected();
  EXPECT_FALSE(ByCollector());
  EXPECT_THAT(asked_, IsEmpty()) << "nobody is there";
  wire::Welcome welcome;
  welcome.set_incarnation(42);
  membership_->Take(welcome, BootClock::now());
  EXPECT_FALSE(ByCollector());
  EXPECT_FALSE(ByCollector());
  EXPECT_THAT(asked_, ElementsAre(kId)) << "once for all";
  Say(membership::RevokedKeyOf(kId, 6));
  EXPECT_TRUE(ByCollector());
}

TEST_F(BarTest, AHostThatIsShutOutEndsAllAndOneThatIsSetAsideDoesNot) {
  Say(membership::KeyOf(kId, 5));
  membership_->OnQuarantined("It was cloned.");
  EXPECT_FALSE(ByCollector());
  membership_->OnRefused("");
  EXPECT_EQ(ByCollector()->reason, Reason::kSetAside);
}

TEST_F(BarTest, ACollectorThatIsSilentTooLongEndsAll) {
  Say(membership::KeyOf(kId, 5));
  later_ = std::chrono::hours(11);
  EXPECT_FALSE(ByCollector());
  later_ = std::chrono::hours(13);
  const auto why = ByCollector();
  ASSERT_TRUE(why);
  EXPECT_EQ(why->reason, Reason::kCollectorAway);
  EXPECT_THAT(why->sentence, HasSubstr("12 hours"));
  membership_->Use({.revocation = membership::Revocation::kStrict});
  later_ = std::chrono::seconds(29);
  EXPECT_FALSE(ByCollector());
  later_ = std::chrono::seconds(31);
  EXPECT_THAT(ByCollector()->sentence, HasSubstr("30 seconds"));
}

TEST_F(BarTest, OfTheTimesOfPolicyAndConfigurationTheOneThatCountsIsSaid) {
  Say(membership::KeyOf(kId, 5));
  wire::Policy policy = membership::PolicyOf(1);
  policy.mutable_staleness()->set_policy_ttl(3600);
  PutInForce(policy);
  later_ = std::chrono::minutes(61);
  EXPECT_THAT(ByCollector()->sentence, HasSubstr("more than 1 hour "));
  policy.set_version(2);
  policy.mutable_staleness()->set_strict(true);
  PutInForce(policy);
  EXPECT_THAT(ByCollector()->sentence, HasSubstr("your organisation's policy (revocation: strict)"));
}

TEST_F(BarTest, AFreezeEndsAllWithItsSentenceUntilTheThaw) {
  Say(membership::KeyOf(kId, 5));
  SayFrozen(6, true, "Ask Ada.");
  const auto why = ByCollector();
  ASSERT_TRUE(why);
  EXPECT_EQ(why->reason, Reason::kFrozen);
  EXPECT_THAT(why->sentence, HasSubstr("stopped all use of its gates for now: Ask Ada."));
  SayFrozen(7, true, "");
  EXPECT_THAT(ByCollector()->sentence, HasSubstr("; ask your administrator."));
  SayFrozen(6, false, "");
  EXPECT_TRUE(ByCollector()) << "an older word";
  SayFrozen(8, false, "");
  EXPECT_FALSE(ByCollector());
}

TEST_F(BarTest, AFreezeEndsWhoHasNoKeyToo) {
  const identity::Identity who{.principal = {"ada@example.com", "", ""}, .key = {}};
  const LiveExchange live(strand_, who, kAlice);
  EXPECT_FALSE(WhyBarredByCollector(live, *inquiries_, settings_, WallNow())) << "it is asked for first";
  SayFrozen(6, true, "Ask Ada.");
  EXPECT_EQ(WhyBarredByCollector(live, *inquiries_, settings_, WallNow())->reason, Reason::kFrozen);
}

TEST_F(BarTest, AFreezeIsSaidBeforeAnythingElse) {
  Say(membership::RevokedKeyOf(kId, 5));
  SayFrozen(6, true, "Ask Ada.");
  EXPECT_EQ(ByCollector()->reason, Reason::kFrozen);
  later_ = std::chrono::hours(13);
  EXPECT_EQ(ByCollector()->reason, Reason::kFrozen);
  SayFrozen(7, false, "");
  EXPECT_EQ(ByCollector()->reason, Reason::kCollectorAway);
}

TEST_F(BarTest, OnALoneHostTheFileDecides) {
  const std::string record = "- id: " + kId + "\n  sha256: " + std::string(64, 'a') +
                             "\n  user: ada\n  created: 2026-01-01T00:00:00Z\n";
  EXPECT_FALSE(ByFiles(record));
  EXPECT_EQ(ByFiles(record + "  disabled: true\n")->reason, Reason::kDisabledKey);
  EXPECT_EQ(ByFiles(record + "  expires: 2020-01-01\n")->reason, Reason::kExpiredKey);
  EXPECT_EQ(ByFiles("[]")->reason, Reason::kUnknownKey);
}

TEST_F(BarTest, WithoutAKeyTheOsUserDecides) {
  const identity::Identity who{.principal = {"ada@example.com", "", ""}, .key = {}};
  const LiveExchange live(strand_, who, kAlice);
  EXPECT_TRUE(WhyBarredByFiles(live, settings_, WallNow()));
  settings_.config.os_users[kAlice] = who.principal;
  EXPECT_FALSE(WhyBarredByFiles(live, settings_, WallNow()));

  wire::Directory directory;
  wire::OsPrincipal& user = *directory.add_os_users();
  user.set_uid(kAlice);
  user.set_known(true);
  user.set_user("ada@example.com");
  directory.set_revision(5);
  ASSERT_TRUE(membership_->Take(directory, {}));
  EXPECT_FALSE(WhyBarredByCollector(live, *inquiries_, settings_, WallNow()));
  user.set_known(false);
  directory.set_revision(6);
  ASSERT_TRUE(membership_->Take(directory, {}));
  EXPECT_TRUE(WhyBarredByCollector(live, *inquiries_, settings_, WallNow()));
}

}  // namespace
}  // namespace postern::gate
