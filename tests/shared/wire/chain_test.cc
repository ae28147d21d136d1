#include "shared/wire/chain.h"

#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "shared/base/hex.h"
#include "tests/support/paths.h"

namespace postern::wire {
namespace {

std::string ReadMe() {
  std::ifstream file(support::InSource("shared/wire/README.md"));
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The value after "name = " in the README's example.
std::string Given(const std::string& name) {
  const std::string text = ReadMe();
  const size_t at = text.find("\n    " + name + " = ", text.find("## A worked example"));
  if (at == std::string::npos) return "no " + name;
  const size_t begin = at + name.size() + 8;
  return text.substr(begin, text.find_first_of(" \n", begin) - begin);
}

TEST(Chain, TheWorkedExampleOfTheReadmeHolds) {
  const auto key = crypto::SigningKey::FromSeed(*FromHex(Given("seed")));
  ASSERT_TRUE(key);
  EXPECT_EQ(ToHex(key->public_key().raw()), Given("public_key"));
  EXPECT_EQ(ToHex(KeyId(key->public_key())), Given("key_id"));

  const std::string first = *FromHex(Given("event_1"));
  const std::string second = *FromHex(Given("event_2"));
  Event event;
  ASSERT_TRUE(event.ParseFromString(first));
  EXPECT_EQ(event.sequence(), 1u);
  ASSERT_TRUE(event.ParseFromString(second));
  EXPECT_EQ(event.sequence(), 2u);
  EXPECT_EQ(event.stop().reason(), "terminated");

  const Head head_1 = Extend(kFirstHead, first);
  const Head head_2 = Extend(head_1, second);
  EXPECT_EQ(ToHex(crypto::AsBytes(crypto::Sha256(first))), Given("digest_1"));
  EXPECT_EQ(ToHex(crypto::AsBytes(head_1)), Given("head_1"));
  EXPECT_EQ(ToHex(crypto::AsBytes(head_2)), Given("head_2"));

  const Statement statement{event.incarnation(), 1, 2, head_2};
  EXPECT_EQ(ToHex(statement.SignedBytes()), Given("signed"));
  EXPECT_EQ(ToHex(MakeSeal(statement, *key).signature()), Given("signature"));
}

TEST(Seal, IsVerifiedByItsKeyOnly) {
  const auto key = crypto::SigningKey::Generate();
  const Seal seal = MakeSeal({7, 1, 2, Extend(kFirstHead, "event")}, key);
  EXPECT_TRUE(VerifySeal(seal, key.public_key()));
  EXPECT_FALSE(VerifySeal(seal, crypto::SigningKey::Generate().public_key()));
}

TEST(Seal, AnyOtherStatementIsRefused) {
  const auto key = crypto::SigningKey::Generate();
  const Seal seal = MakeSeal({7, 1, 2, Extend(kFirstHead, "event")}, key);
  Seal changed = seal;
  changed.set_incarnation(8);
  EXPECT_FALSE(VerifySeal(changed, key.public_key()));
  changed = seal;
  changed.set_first_sequence(2);
  EXPECT_FALSE(VerifySeal(changed, key.public_key()));
  changed = seal;
  changed.set_last_sequence(3);
  EXPECT_FALSE(VerifySeal(changed, key.public_key()));
  changed = seal;
  (*changed.mutable_head())[31] ^= 1;
  EXPECT_FALSE(VerifySeal(changed, key.public_key()));
  changed.set_head("short");
  EXPECT_FALSE(VerifySeal(changed, key.public_key()));
}

}  // namespace
}  // namespace postern::wire
