// Whose signature a version carries: the collector's own, or an administrator's who signs offline.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/base/hex.h"
#include "shared/policy/signed.h"
#include "tests/collector/policy/desk.h"

namespace postern::policies {
namespace {

using ::testing::HasSubstr;
using Outcome = Attempt::Outcome;

class Signing : public Desk {
 protected:
  wire::Policy Read(const std::string& yaml) {
    auto read = policy::ReadPolicy(yaml, "policy.yaml", {}, WallTime(std::chrono::seconds(house.now)));
    EXPECT_TRUE(read) << read.error().message;
    read->policy.set_collector(*FromHex(kCollector));
    read->policy.set_author("ada");
    const auto current = policies->Current();
    read->policy.mutable_secrets()->set_fingerprint_key((*current)->policy.secrets().fingerprint_key());
    return read->policy;
  }
  wire::SignedPolicy Sign(uint64_t version, const std::string& yaml) {
    wire::Policy policy = Read(yaml);
    policy.set_version(version);
    return policy::Sign(policy, yaml, offline);
  }
  Attempt ApplySigned(const wire::SignedPolicy& signed_policy) {
    auto attempt = policies->ApplySigned(house.actor, signed_policy, Force::kNo);
    EXPECT_TRUE(attempt) << attempt.error().message;
    return *std::move(attempt);
  }

  crypto::SigningKey offline = crypto::SigningKey::Generate();
};

TEST_F(Signing, WhereAnOfflineKeyIsNamedOnlyWhatItSignedIsTaken) {
  Open(offline.public_key());
  const auto plain = policies->Apply(house.actor, Text(), {}, Force::kYes);
  EXPECT_EQ(plain.error().code, ErrorCode::kDenied);
  EXPECT_THAT(plain.error().message, HasSubstr("postern policy sign"));
  EXPECT_THAT(house.LastAct(), HasSubstr("policy.apply refused"));
  EXPECT_EQ(policies->Rollback(house.actor, 1, Force::kYes).error().code, ErrorCode::kDenied);
  const std::string text = Text("  max_tokens: 32000\n");
  const wire::SignedPolicy signed_policy = Sign(2, text);
  const Attempt attempt = ApplySigned(signed_policy);
  ASSERT_EQ(attempt.outcome, Outcome::kDone) << attempt.sentence;
  EXPECT_EQ(house.LastAct(), "policy.apply done 2 signed offline");
  const auto current = *policies->Current();
  EXPECT_EQ(current->version.key_id, policy::KeyIdOf(offline.public_key()));
  EXPECT_EQ(current->source, text);
  wire::SignedPolicy sent;
  ASSERT_TRUE(sent.ParseFromString(current->sent));
  EXPECT_EQ(sent.snapshot(), signed_policy.snapshot());
  EXPECT_EQ(sent.signature(), signed_policy.signature());
}

TEST_F(Signing, WhatIsNotTheNextVersionHasToBeSignedAgain) {
  Open(offline.public_key());
  ASSERT_EQ(ApplySigned(Sign(2, Text("  max_tokens: 1000\n"))).outcome, Outcome::kDone);
  for (const uint64_t version : {1, 2, 4}) {
    const Attempt attempt = ApplySigned(Sign(version, Text("  max_tokens: 2000\n")));
    EXPECT_EQ(attempt.outcome, Outcome::kStale) << version;
    EXPECT_THAT(attempt.sentence, HasSubstr("the next one is 3"));
  }
  EXPECT_EQ(InForce(), 2u);
}

TEST_F(Signing, WhatLacksTheCollectorsKeyForFingerprintsHasToBeSignedAgain) {
  Open(offline.public_key());
  const std::string text = Text("  max_tokens: 1000\n");
  wire::Policy policy = Read(text);
  policy.set_version(2);
  policy.clear_secrets();
  const Attempt attempt = ApplySigned(policy::Sign(policy, text, offline));
  EXPECT_EQ(attempt.outcome, Outcome::kWrong);
  EXPECT_THAT(attempt.sentence, HasSubstr("fingerprints"));
  policy.mutable_secrets()->set_fingerprint_key(std::string(32, 'x'));
  EXPECT_EQ(ApplySigned(policy::Sign(policy, text, offline)).outcome, Outcome::kWrong);
  EXPECT_EQ(InForce(), 1u);
}

TEST_F(Signing, WhatWasChangedOrSignedByAnotherIsRefused) {
  Open(offline.public_key());
  const std::string text = Text("  max_tokens: 1000\n");
  wire::SignedPolicy other_text = Sign(2, text);
  other_text.set_source(Text());
  EXPECT_EQ(ApplySigned(other_text).outcome, Outcome::kWrong);
  wire::SignedPolicy changed = Sign(2, text);
  changed.mutable_snapshot()->back() ^= 1;
  EXPECT_EQ(ApplySigned(changed).outcome, Outcome::kWrong);
  wire::Policy policy = Read(text);
  policy.set_version(2);
  EXPECT_EQ(ApplySigned(policy::Sign(policy, text, key)).outcome, Outcome::kWrong);  // the collector's own
  policy.set_collector("another");
  const Attempt another = ApplySigned(policy::Sign(policy, text, offline));
  EXPECT_EQ(another.outcome, Outcome::kWrong);
  EXPECT_EQ(another.sentence, "the policy is signed for another collector");
  EXPECT_EQ(InForce(), 1u);
}

TEST_F(Signing, ASignatureOverAnotherPolicyThanTheTextIsRefused) {
  Open(offline.public_key());
  const std::string text = Text("  max_tokens: 1000\n");
  wire::Policy policy = Read(text);
  policy.set_version(2);
  policy.mutable_defaults()->set_max_tokens(999'000);
  const Attempt attempt = ApplySigned(policy::Sign(policy, text, offline));
  EXPECT_EQ(attempt.outcome, Outcome::kWrong) << attempt.sentence;
}

TEST_F(Signing, WithoutAnOfflineKeyNothingThatWasSignedElsewhereIsTaken) {
  const Attempt attempt = ApplySigned(Sign(2, Text("  max_tokens: 1000\n")));
  EXPECT_EQ(attempt.outcome, Outcome::kWrong);
  EXPECT_THAT(attempt.sentence, HasSubstr("knows no offline key"));
}

TEST_F(Signing, AVersionWhoseKeyDoesNotCountAnyMoreIsSignedAnew) {
  Open(offline.public_key());
  ASSERT_EQ(ApplySigned(Sign(2, Text("  max_tokens: 1000\n"))).outcome, Outcome::kDone);
  Open();
  EXPECT_EQ(InForce(), 3u);
  const auto current = *policies->Current();
  EXPECT_EQ(current->version.how, "signed anew");
  EXPECT_EQ(current->version.key_id, policy::KeyIdOf(key.public_key()));
  EXPECT_EQ(current->policy.defaults().max_tokens(), 1000u);
  Open();
  EXPECT_EQ(InForce(), 3u);
}

}  // namespace
}  // namespace postern::policies
