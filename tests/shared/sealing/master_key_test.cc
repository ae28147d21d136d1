#include "shared/sealing/master_key.h"

#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "shared/sealing/sealed_credential.h"
#include "tests/shared/sealing/readme.h"

namespace postern::sealing {
namespace {

const Place kPlace{.id = "main", .provider = "anthropic", .header = "x-api-key", .generation = 2};

TEST(MasterKey, TheWorkedExampleOfTheReadmeHolds) {
  const auto key = MasterKey::FromText(ToHex(Given("master_key")));
  ASSERT_TRUE(key);
  EXPECT_EQ(key->id(), Given("master_key_id"));
  const auto decrypted = key->Decrypt(Given("encrypted"), kPlace);
  ASSERT_TRUE(decrypted);
  EXPECT_EQ(decrypted->view(), Given("credential"));
}

TEST(MasterKey, ItsTextIsItself) {
  const auto key = MasterKey::Generate();
  ASSERT_TRUE(key);
  const auto again = MasterKey::FromText(key->ToText());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->id(), key->id());
  EXPECT_EQ(again->Decrypt(*key->Encrypt("a credential", kPlace), kPlace)->view(), "a credential");
  EXPECT_NE(MasterKey::Generate()->id(), key->id());
}

TEST(MasterKey, RefusesTextThatIsNoKey) {
  const std::string text = MasterKey::Generate()->ToText();
  for (const std::string& wrong : {std::string(), std::string("\n"), text.substr(2), "00" + text, text + "\n",
                                   " " + text.substr(1), "g" + text.substr(1)}) {
    const auto key = MasterKey::FromText(wrong);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code, ErrorCode::kInvalid);
  }
}

TEST(MasterKey, DecryptsNothingInAnothersPlace) {
  const auto key = MasterKey::Generate();
  const std::string encrypted = *key->Encrypt("a credential", kPlace);
  const std::function<void(Place&)> changes[] = {
      [](Place& p) { p.id = "other"; }, [](Place& p) { p.provider = "openai"; },
      [](Place& p) { p.header = "authorization"; }, [](Place& p) { --p.generation; }};
  for (const auto& change : changes) {
    Place place = kPlace;
    change(place);
    EXPECT_EQ(key->Decrypt(encrypted, place).error().code, ErrorCode::kCorrupt);
  }
}

TEST(MasterKey, SaysThatItIsAnotherKey) {
  const auto key = MasterKey::Generate(), other = MasterKey::Generate();
  const auto decrypted = other->Decrypt(*key->Encrypt("a credential", kPlace), kPlace);
  ASSERT_FALSE(decrypted);
  EXPECT_EQ(decrypted.error().code, ErrorCode::kDenied);
  EXPECT_NE(decrypted.error().message.find("another master key"), std::string::npos);
}

TEST(MasterKey, NoticesEveryFlippedBitAndEveryCut) {
  const auto key = MasterKey::Generate();
  const std::string encrypted = *key->Encrypt("a credential", kPlace);
  for (size_t bit = 0; bit < encrypted.size() * 8; ++bit) {
    std::string flipped = encrypted;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    EXPECT_FALSE(key->Decrypt(flipped, kPlace)) << bit;
  }
  for (size_t size = 0; size < encrypted.size(); ++size)
    EXPECT_FALSE(key->Decrypt(encrypted.substr(0, size), kPlace)) << size;
}

TEST(MasterKey, TheSameCredentialIsNeverTheSameBytes) {
  const auto key = MasterKey::Generate();
  EXPECT_NE(*key->Encrypt("a credential", kPlace), *key->Encrypt("a credential", kPlace));
}

TEST(MasterKey, TakesNoCredentialThatIsEmptyOrEndless) {
  const auto key = MasterKey::Generate();
  EXPECT_EQ(key->Encrypt("", kPlace).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(key->Encrypt(std::string(kMaxCredential + 1, 'x'), kPlace).error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace postern::sealing
