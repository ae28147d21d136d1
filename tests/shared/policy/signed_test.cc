#include "shared/policy/signed.h"

#include <gtest/gtest.h>

#include "tests/shared/policy/policy_text.h"

namespace postern::policy {
namespace {

crypto::SigningKey KeyOf(char seed) { return *crypto::SigningKey::FromSeed(std::string(32, seed)); }

TEST(SignedPolicy, IsWhatWasSigned) {
  const auto key = KeyOf('a');
  const wire::Policy policy = PolicyOf("  models: {allow: [\"*\"]}\n");
  const wire::SignedPolicy signed_policy = Sign(policy, "the text", key);
  EXPECT_EQ(signed_policy.source(), "the text");
  EXPECT_EQ(signed_policy.key_id().size(), 8U);
  const auto verified = Verify(signed_policy, key.public_key());
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(verified->SerializeAsString(), policy.SerializeAsString());
}

TEST(SignedPolicy, AnyChangedByteIsSeen) {
  const auto key = KeyOf('a');
  const wire::SignedPolicy sound = Sign(PolicyOf("  models: {allow: [m]}\n"), "", key);
  for (size_t i = 0; i < sound.snapshot().size(); ++i) {
    wire::SignedPolicy changed = sound;
    (*changed.mutable_snapshot())[i] = static_cast<char>(changed.snapshot()[i] ^ 1);
    ASSERT_FALSE(Verify(changed, key.public_key())) << i;
  }
  for (size_t i = 0; i < sound.signature().size(); ++i) {
    wire::SignedPolicy changed = sound;
    (*changed.mutable_signature())[i] = static_cast<char>(changed.signature()[i] ^ 1);
    ASSERT_FALSE(Verify(changed, key.public_key())) << i;
  }
  wire::SignedPolicy cut = sound;
  cut.mutable_snapshot()->pop_back();
  EXPECT_EQ(Verify(cut, key.public_key()).error().code, ErrorCode::kCorrupt);
}

TEST(SignedPolicy, AnotherKeysIsNotTaken) {
  wire::SignedPolicy signed_policy = Sign(PolicyOf(""), "", KeyOf('a'));
  EXPECT_EQ(Verify(signed_policy, KeyOf('b').public_key()).error().code, ErrorCode::kCorrupt);
  // Nor when it claims to be of the right one.
  signed_policy.set_key_id(KeyIdOf(KeyOf('b').public_key()));
  EXPECT_EQ(Verify(signed_policy, KeyOf('b').public_key()).error().code, ErrorCode::kCorrupt);
}

TEST(SignedPolicy, IsBoundedAndOfAKnownFormat) {
  const auto key = KeyOf('a');
  wire::Policy policy = PolicyOf("");
  policy.set_format(2);
  EXPECT_EQ(Verify(Sign(policy, "", key), key.public_key()).error().code, ErrorCode::kInvalid);
  policy.set_format(1);
  policy.set_author(std::string(kMostSnapshotBytes, 'x'));
  EXPECT_EQ(Verify(Sign(policy, "", key), key.public_key()).error().code, ErrorCode::kInvalid);
}

// Signed with the wrong words in front, as another of the collector's signatures would be.
TEST(SignedPolicy, TheSignatureIsOfAPolicyAndNothingElse) {
  const auto key = KeyOf('a');
  wire::SignedPolicy signed_policy = Sign(PolicyOf(""), "", key);
  signed_policy.set_signature(std::string(crypto::AsBytes(key.Sign(signed_policy.snapshot()))));
  EXPECT_FALSE(Verify(signed_policy, key.public_key()));
}

}  // namespace
}  // namespace postern::policy
