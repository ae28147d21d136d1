#include "collector/directory/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/sealing/sealed_credential.h"
#include "tests/collector/directory/house.h"

namespace postern::directory {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr const char* kValue = "example-credential-value";

class CredentialsTest : public testing::Test {
 protected:
  Credentials& credentials() { return house_.directory->credentials(); }

  // An agent whose private key is known, with an incarnation.
  void Join() {
    NewAgent agent = House::AgentOf('a');
    agent.sealing_key = std::string(sealing_key_.public_key());
    const auto token = house_.directory->agents().CreateToken(house_.actor, kNow + 3600);
    agent_ = house_.directory->agents().Enrol(token->text, agent, "192.0.2.1")->id();
    incarnation_ = *house_.directory->agents().IssueIncarnation(agent_, 0, "");
  }

  std::string Open(const wire::SealedCredential& sealed) {
    const auto opened = sealing::OpenCredential(sealed.box(), sealing_key_,
                                                {agent_, incarnation_, sealed.name(), sealed.provider(),
                                                 sealed.header(), sealed.generation(), sealed.expires()});
    return opened ? std::string(opened->view()) : Why(opened);
  }

  Result<std::vector<wire::SealedCredential>> Seal(const std::vector<std::string>& names) {
    return credentials().SealFor(agent_, incarnation_, names, kNow + 600);
  }

  House house_;
  crypto::AgreementKey sealing_key_ = crypto::AgreementKey::Generate();
  std::string agent_;
  uint64_t incarnation_ = 0;
};

TEST_F(CredentialsTest, IsNowhereInTheOpen) {
  const auto made =
      credentials().Add(house_.actor, {.name = "main", .provider = "anthropic", .header = {}}, kValue);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->provider(), "anthropic");
  EXPECT_EQ(made->header(), "x-api-key");
  EXPECT_EQ(made->generation(), 1u);
  EXPECT_EQ(made->created(), kNow);
  EXPECT_EQ(made->encrypted(), "");
  EXPECT_EQ(credentials().Find("main")->encrypted(), "");
  EXPECT_EQ(credentials().List({})->items.at(0).encrypted(), "");
  EXPECT_THAT(house_.Bytes(), Not(HasSubstr(kValue)));
  EXPECT_EQ(house_.LastAct(), "credential.add done main for provider anthropic");
}

TEST_F(CredentialsTest, WhatIsWrongIsSaidWithoutTheValue) {
  house_.Credential("main");
  const auto add = [&](const NewCredential& credential, const std::string& value) {
    return Why(credentials().Add(house_.actor, credential, value));
  };
  EXPECT_EQ(add({"main", "anthropic", ""}, kValue), "denied: there is a credential \"main\" already");
  EXPECT_THAT(add({"Main", "anthropic", ""}, kValue), StartsWith("invalid: a credential's name has"));
  EXPECT_THAT(add({"x", "An thropic", ""}, kValue), StartsWith("invalid: a provider's name has"));
  EXPECT_THAT(add({"x", "anthropic", "cookie"}, kValue), StartsWith("invalid: a credential's header is"));
  for (const std::string& value : {std::string(), std::string("with space"), std::string("new\nline"),
                                   std::string("\xc3\xa4"), std::string(8193, 'x')}) {
    const std::string why = add({"x", "anthropic", ""}, value);
    EXPECT_THAT(why, StartsWith("invalid: a credential has 1 to 8,192 visible ASCII characters"));
    EXPECT_THAT(value.empty() ? std::string() : why, Not(HasSubstr(value.empty() ? "-" : value)));
    EXPECT_THAT(Why(credentials().Rotate(house_.actor, "main", value)),
                StartsWith("invalid: a credential has"));
  }
  EXPECT_THAT(Why(credentials().Rotate(house_.actor, "x", kValue)), StartsWith("not_found"));
  EXPECT_THAT(Why(credentials().Remove(house_.actor, "x")), StartsWith("not_found"));
}

TEST_F(CredentialsTest, IsSealedToAnAgentThatOpensIt) {
  Join();
  house_.Credential("main", kValue);
  const auto sealed = Seal({"main"});
  ASSERT_TRUE(sealed) << sealed.error().message;
  ASSERT_EQ(sealed->size(), 1u);
  EXPECT_EQ(sealed->at(0).name(), "main");
  EXPECT_EQ(sealed->at(0).provider(), "anthropic");
  EXPECT_EQ(sealed->at(0).header(), "x-api-key");
  EXPECT_EQ(sealed->at(0).generation(), 1u);
  EXPECT_EQ(sealed->at(0).expires(), kNow + 600);
  EXPECT_FALSE(sealed->at(0).removed());
  EXPECT_EQ(Open(sealed->at(0)), kValue);
  EXPECT_THAT(house_.directory->agents().Find(agent_)->credentials(), ElementsAre("main#1"));
}

TEST_F(CredentialsTest, SealingAgainWritesNothing) {
  Join();
  house_.Credential("main", kValue);
  ASSERT_TRUE(Seal({"main"}));
  const uint64_t commits = house_.store.commits();
  ASSERT_TRUE(Seal({"main"}));
  EXPECT_EQ(house_.store.commits(), commits);
}

TEST_F(CredentialsTest, ARotatedOneIsAnotherGeneration) {
  Join();
  house_.Credential("main", kValue);
  ASSERT_TRUE(Seal({"main"}));
  const auto rotated = credentials().Rotate(house_.actor, "main", "another-value");
  ASSERT_TRUE(rotated);
  EXPECT_EQ(rotated->generation(), 2u);
  EXPECT_EQ(rotated->rotated(), kNow);
  const auto sealed = Seal({"main"});
  ASSERT_TRUE(sealed);
  EXPECT_EQ(sealed->at(0).generation(), 2u);
  EXPECT_EQ(Open(sealed->at(0)), "another-value");
  EXPECT_THAT(house_.directory->agents().Find(agent_)->credentials(), ElementsAre("main#2"));
}

TEST_F(CredentialsTest, ARemovedOneIsToBeForgottenAndItsGenerationsAreNeverUsedAgain) {
  Join();
  house_.Credential("main", kValue);
  ASSERT_TRUE(credentials().Remove(house_.actor, "main"));
  EXPECT_THAT(Why(credentials().Find("main")), StartsWith("not_found"));
  EXPECT_THAT(credentials().List({})->items, IsEmpty());
  const auto sealed = Seal({"main", "never-was"});
  ASSERT_TRUE(sealed);
  ASSERT_EQ(sealed->size(), 2u);
  for (const wire::SealedCredential& gone : *sealed) {
    EXPECT_TRUE(gone.removed());
    EXPECT_EQ(gone.box(), "");
  }
  house_.Credential("main", "another-value");
  EXPECT_EQ(credentials().Find("main")->generation(), 2u);
  EXPECT_EQ(Open(Seal({"main"})->at(0)), "another-value");
}

TEST_F(CredentialsTest, IsSealedToNobodyWhoIsNotActiveInThisIncarnation) {
  Join();
  house_.Credential("main", kValue);
  EXPECT_EQ(credentials().SealFor(agent_, incarnation_ + 1, {"main"}, kNow + 600).error().code,
            ErrorCode::kDenied);
  EXPECT_EQ(credentials().SealFor("nobody000000", incarnation_, {"main"}, kNow + 600).error().code,
            ErrorCode::kNotFound);
  ASSERT_TRUE(house_.directory->agents().Quarantine(agent_, "fork", "two histories", incarnation_));
  EXPECT_EQ(Seal({"main"}).error().code, ErrorCode::kDenied);
}

TEST_F(CredentialsTest, OneThatCannotBeDecryptedDoesNotKeepTheOthersBack) {
  Join();
  house_.Credential("main", kValue);
  house_.Credential("damaged", kValue);
  store::Record record = **house_.store.Get(store::RecordKind::kCredential, "damaged");
  wire::CredentialRecord credential;
  ASSERT_TRUE(credential.ParseFromString(record.bytes));
  credential.mutable_encrypted()->back() ^= 1;
  store::Change change;
  change.records.push_back({.record = record, .expected = record.revision});
  change.records.back().record.bytes = credential.SerializeAsString();
  ASSERT_TRUE(house_.store.Commit(change));
  const auto sealed = Seal({"damaged", "main"});
  ASSERT_TRUE(sealed);
  ASSERT_EQ(sealed->size(), 1u);
  EXPECT_EQ(sealed->at(0).name(), "main");
}

TEST_F(CredentialsTest, ThatItWasSealedIsOnTheDiskOrItIsNotSealed) {
  Join();
  house_.Credential("main", kValue);
  house_.store.flaw = chronicle::Flaw::kBefore;
  EXPECT_EQ(Seal({"main"}).error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace postern::directory
