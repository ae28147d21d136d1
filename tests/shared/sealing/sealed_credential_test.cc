#include "shared/sealing/sealed_credential.h"

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "shared/crypto/hkdf.h"
#include "shared/sealing/binding_text.h"
#include "tests/shared/sealing/readme.h"

namespace postern::sealing {
namespace {

const Binding kBinding{.agent = "k7x2m9q4w8ab",
                       .incarnation = 0x0123456789abcdef,
                       .name = "main",
                       .provider = "anthropic",
                       .header = "x-api-key",
                       .generation = 2,
                       .expires = 1'800'000'000};

TEST(SealedCredential, TheWorkedExampleOfTheReadmeHolds) {
  const auto agent = crypto::AgreementKey::FromBytes(Given("agent_secret"));
  const auto ephemeral = crypto::AgreementKey::FromBytes(Given("ephemeral_secret"));
  ASSERT_TRUE(agent && ephemeral);
  EXPECT_EQ(agent->public_key(), Given("agent_key"));
  EXPECT_EQ(ephemeral->public_key(), Given("ephemeral"));
  EXPECT_EQ(agent->Agree(Given("ephemeral"))->view(), Given("shared"));
  std::vector<uint8_t> derived(44);
  crypto::DeriveHkdf(derived, Given("shared"), Given("ephemeral") + Given("agent_key"), Given("binding"));
  EXPECT_EQ(std::string(derived.begin(), derived.end()), Given("derived"));

  EXPECT_EQ(*internal::SealWith(*ephemeral, Given("credential"), Given("agent_key"), kBinding), Given("box"));
  const auto opened = OpenCredential(Given("box"), *agent, kBinding);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->view(), Given("credential"));
}

TEST(SealedCredential, OpensAtItsAgentAlone) {
  const auto agent = crypto::AgreementKey::Generate(), other = crypto::AgreementKey::Generate();
  const auto box = SealCredential("a credential", agent.public_key(), kBinding);
  ASSERT_TRUE(box);
  EXPECT_EQ(OpenCredential(*box, agent, kBinding)->view(), "a credential");
  EXPECT_EQ(OpenCredential(*box, other, kBinding).error().code, ErrorCode::kDenied);
}

TEST(SealedCredential, OpensForNothingElseThanItWasSealedFor) {
  const auto agent = crypto::AgreementKey::Generate();
  const auto box = SealCredential("a credential", agent.public_key(), kBinding);
  ASSERT_TRUE(box);
  const std::function<void(Binding&)> changes[] = {[](Binding& b) { b.agent = "k7x2m9q4w8ac"; },
                                                   [](Binding& b) { ++b.incarnation; },
                                                   [](Binding& b) { b.name = "other"; },
                                                   [](Binding& b) { b.provider = "openai"; },
                                                   [](Binding& b) { b.header = "authorization"; },
                                                   [](Binding& b) { ++b.generation; },
                                                   [](Binding& b) { ++b.expires; },
                                                   [](Binding& b) { b.expires = 0; }};
  for (const auto& change : changes) {
    Binding binding = kBinding;
    change(binding);
    EXPECT_EQ(OpenCredential(*box, agent, binding).error().code, ErrorCode::kDenied);
  }
}

TEST(SealedCredential, NoticesEveryFlippedBitAndEveryCut) {
  const auto agent = crypto::AgreementKey::Generate();
  const auto box = SealCredential("a credential", agent.public_key(), kBinding);
  ASSERT_TRUE(box);
  for (size_t bit = 0; bit < box->size() * 8; ++bit) {
    std::string flipped = *box;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    EXPECT_EQ(OpenCredential(flipped, agent, kBinding).error().code, ErrorCode::kDenied) << bit;
  }
  for (size_t size = 0; size < box->size(); ++size)
    EXPECT_FALSE(OpenCredential(box->substr(0, size), agent, kBinding)) << size;
}

TEST(SealedCredential, NoTwoBoxesAreAlike) {
  const auto agent = crypto::AgreementKey::Generate();
  EXPECT_NE(*SealCredential("a credential", agent.public_key(), kBinding),
            *SealCredential("a credential", agent.public_key(), kBinding));
}

TEST(SealedCredential, IsNeitherEmptyNorEndlessNorForAKeyThatIsNone) {
  const auto agent = crypto::AgreementKey::Generate();
  const std::string longest(kMaxCredential, 'x');
  EXPECT_TRUE(SealCredential(longest, agent.public_key(), kBinding));
  EXPECT_EQ(SealCredential(longest + "x", agent.public_key(), kBinding).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(SealCredential("", agent.public_key(), kBinding).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(SealCredential("a", std::string(32, '\0'), kBinding).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(SealCredential("a", "short", kBinding).error().code, ErrorCode::kInvalid);
}

TEST(BindingText, NoTwoBindingsAreTheSameBytes) {
  EXPECT_NE(BindingText("").Add("ab").Add("c").bytes(), BindingText("").Add("a").Add("bc").bytes());
  EXPECT_EQ(BindingText("x").Add(uint64_t{258}).bytes(), std::string("x\0\0\0\0\0\0\1\2", 9));
}

}  // namespace
}  // namespace postern::sealing
