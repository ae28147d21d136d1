#include "agent/gate/inquiries.h"

#include <array>
#include <functional>
#include <memory>
#include <set>

#include <gtest/gtest.h>

#include "tests/agent/membership/enrolled.h"
#include "tests/support/temporary_directory.h"

namespace postern::gate {
namespace {

using membership::KeyOf;

std::string IdOf(size_t number) {
  const std::string digits = std::to_string(number);
  return "k" + std::string(11 - digits.size(), '0') + digits;
}

const std::string kId = IdOf(1);

// A loop with inquiries in it, a membership on disk, and a collector that answers when the test says so.
class InquiriesTest : public testing::Test {
 protected:
  InquiriesTest() : loop_(*http::Loop::Make()), worker_(std::make_unique<http::Worker>()) { Open(); }
  ~InquiriesTest() override {
    loop_->DestroySpawned();
    inquiries_.reset();
    worker_.reset();
  }

  void Open(membership::Rules rules = {}) {
    inquiries_.reset();
    membership_.reset();
    membership::Options options;
    options.directory = directory_.path();
    options.incarnation = 42;
    options.rules = rules;
    membership_ = *membership::Membership::Open(enrolment_, std::move(options));
    inquiries_ = std::make_unique<Inquiries>(*loop_, *worker_, *membership_, [this](auto keys, auto users) {
      asked_.insert(asked_.end(), keys.begin(), keys.end());
      asked_users_.insert(asked_users_.end(), users.begin(), users.end());
      if (on_ask_) on_ask_(keys);
      return takes_questions_ ? Status(Ok{}) : Status(Error{ErrorCode::kUnavailable, "away"});
    });
  }

  void Welcome() {
    wire::Welcome welcome;
    welcome.set_incarnation(42);
    membership_->Take(welcome, BootClock::now());
  }

  bool Say(const wire::KeyRecord& key) {
    wire::Directory directory;
    *directory.add_keys() = key;
    directory.set_revision(key.revision());
    return membership_->Take(directory, {});
  }

  struct Result {
    std::shared_ptr<const membership::Key> key;
    std::optional<NoAnswer> no_answer;
  };

  http::Task<void> Find(std::string id, Result& result) {
    http::Strand strand(*loop_);
    ++running_;
    auto finding = co_await inquiries_->FindKey(strand, std::move(id));
    result = {finding.found, finding.no_answer};
    if (--running_ == 0) loop_->Stop();
  }

  Result FindNow(const std::string& id) {
    Result result;
    loop_->Spawn(Find(id, result));
    if (running_ > 0) loop_->Run();
    return result;
  }

  const support::TemporaryDirectory directory_;
  const membership::Enrolment enrolment_ = membership::MakeEnrolment();
  std::unique_ptr<http::Loop> loop_;
  std::unique_ptr<http::Worker> worker_;
  std::unique_ptr<membership::Membership> membership_;
  std::unique_ptr<Inquiries> inquiries_;
  std::function<void(const std::vector<std::string>&)> on_ask_;
  bool takes_questions_ = true;
  std::vector<std::string> asked_;
  std::vector<wire::OsIdentity> asked_users_;
  int running_ = 0;
};

TEST_F(InquiriesTest, WhatIsConfirmedIsUsedWithoutAsking) {
  Welcome();
  ASSERT_TRUE(Say(KeyOf(kId, 5)));
  EXPECT_NE(FindNow(kId).key, nullptr);
  EXPECT_TRUE(asked_.empty());
}

TEST_F(InquiriesTest, WhatIsNotKnownIsAskedOnceForAllWhoWait) {
  Welcome();
  on_ask_ = [this](const auto&) { loop_->Post([this] { EXPECT_TRUE(Say(KeyOf(kId, 5))); }); };
  std::array<Result, 20> results;
  for (Result& result : results) loop_->Spawn(Find(kId, result));
  loop_->Run();
  for (const Result& result : results) EXPECT_NE(result.key, nullptr);
  EXPECT_EQ(asked_, std::vector<std::string>{kId});
}

TEST_F(InquiriesTest, AQuestionThatNobodyTookIsAskedAgain) {
  Welcome();
  takes_questions_ = false;
  on_ask_ = [this](const auto&) {
    if (asked_.size() < 2) return;
    takes_questions_ = true;
    loop_->Post([this] { EXPECT_TRUE(Say(KeyOf(kId, 5))); });
  };
  EXPECT_NE(FindNow(kId).key, nullptr);
  EXPECT_EQ(asked_.size(), 2u);
}

TEST_F(InquiriesTest, AKeyThatTheCollectorDoesNotKnowIsUnknown) {
  Welcome();
  on_ask_ = [this](const std::vector<std::string>& keys) {
    loop_->Post([this, keys] {
      wire::Directory directory;
      directory.add_unknown_keys(keys.at(0));
      EXPECT_TRUE(membership_->Take(directory, {}));
    });
  };
  const Result result = FindNow(kId);
  EXPECT_EQ(result.key, nullptr);
  EXPECT_FALSE(result.no_answer.has_value());
}

TEST_F(InquiriesTest, WithoutAnAnswerWhatIsRememberedIsUsed) {
  Welcome();
  ASSERT_TRUE(Say(KeyOf(kId, 5)));
  membership_->OnDisconnected();
  Welcome();  // another conversation, in which nobody answers
  EXPECT_NE(FindNow(kId).key, nullptr);
  EXPECT_EQ(asked_, std::vector<std::string>{kId});
}

TEST_F(InquiriesTest, StrictlyOnlyWhatWasConfirmedLatelyIsUsed) {
  membership_->Use({.revocation = membership::Revocation::kStrict});
  Welcome();
  ASSERT_TRUE(Say(KeyOf(kId, 5)));
  membership_->OnDisconnected();
  EXPECT_NE(FindNow(kId).key, nullptr);  // it was confirmed when the connection was lost
}

TEST_F(InquiriesTest, StrictlyWhatIsOnlyRememberedIsNot) {
  Welcome();
  ASSERT_TRUE(Say(KeyOf(kId, 5)));
  membership_->OnDisconnected();
  membership_->Use({.revocation = membership::Revocation::kStrict});
  Welcome();
  EXPECT_EQ(FindNow(kId).no_answer, NoAnswer::kUnanswered);
}

TEST_F(InquiriesTest, RightAfterTheStartTheCollectorsFirstWordIsWaitedFor) {
  on_ask_ = [this](const auto&) { loop_->Post([this] { EXPECT_TRUE(Say(KeyOf(kId, 5))); }); };
  loop_->Post([this] { Welcome(); });
  EXPECT_NE(FindNow(kId).key, nullptr);
  EXPECT_EQ(asked_, std::vector<std::string>{kId});
}

TEST_F(InquiriesTest, OnceItWasThereNobodyWaitsForACollectorThatIsAway) {
  on_ask_ = [this](const auto&) { loop_->Post([this] { EXPECT_TRUE(Say(KeyOf(kId, 5))); }); };
  loop_->Post([this] { Welcome(); });
  EXPECT_NE(FindNow(kId).key, nullptr);
  membership_->OnDisconnected();
  Result result;
  loop_->Spawn(Find(IdOf(2), result));
  EXPECT_EQ(running_, 0);  // it ended without waiting
  EXPECT_EQ(result.no_answer, NoAnswer::kAway);
}

TEST_F(InquiriesTest, AHostThatIsSetAsideJudgesNothing) {
  Welcome();
  ASSERT_TRUE(Say(KeyOf(kId, 5)));
  membership_->OnQuarantined("It was cloned.");
  EXPECT_EQ(FindNow(kId).no_answer, NoAnswer::kQuarantined);
}

TEST_F(InquiriesTest, AFloodOfUnknownKeysAsksForFewAndHoldsUpNoneThatIsRemembered) {
  Welcome();
  ASSERT_TRUE(Say(KeyOf(kId, 5)));
  membership_->OnDisconnected();
  Welcome();
  on_ask_ = [this](const std::vector<std::string>& keys) {
    if (keys.at(0) == kId) loop_->Post([this] { EXPECT_TRUE(Say(KeyOf(kId, 5))); });
  };
  std::vector<Result> flood(1000);
  for (size_t i = 0; i < flood.size(); ++i) loop_->Spawn(Find(IdOf(100 + i), flood[i]));
  Result remembered;
  loop_->Spawn(Find(kId, remembered));
  loop_->Run();
  EXPECT_NE(remembered.key, nullptr);
  size_t too_many = 0;
  for (const Result& result : flood) too_many += result.no_answer == NoAnswer::kTooMany;
  EXPECT_GT(too_many, 500u);
  const std::set<std::string> different(asked_.begin(), asked_.end());
  EXPECT_EQ(different.size(), asked_.size());
  EXPECT_EQ(asked_.size() - 1 + too_many, flood.size());
}

TEST_F(InquiriesTest, AnOsUserIsAskedForWithItsNameAndGroups) {
  Welcome();
  std::shared_ptr<const membership::OsUserPrincipal> found;
  const auto find = [&]() -> http::Task<void> {
    http::Strand strand(*loop_);
    auto finding = co_await inquiries_->FindOsUser(strand, 0);
    found = finding.found;
    loop_->Stop();
  };
  on_ask_ = [this](const auto&) {
    loop_->Post([this] {
      wire::Directory directory;
      wire::OsPrincipal& user = *directory.add_os_users();
      user.set_uid(0);
      user.set_known(true);
      user.set_user("ada@example.com");
      EXPECT_TRUE(membership_->Take(directory, {}));
    });
  };
  loop_->Spawn(find());
  loop_->Run();
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->principal.user, "ada@example.com");
  ASSERT_EQ(asked_users_.size(), 1u);
  EXPECT_EQ(asked_users_[0].name(), "root");
  EXPECT_GE(asked_users_[0].groups_size(), 1);
}

}  // namespace
}  // namespace postern::gate
