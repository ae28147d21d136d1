#include "shared/crypto/x25519.h"

#include <gtest/gtest.h>

#include "shared/base/hex.h"

namespace postern::crypto {
namespace {

// RFC 7748 §6.1.
constexpr std::string_view kAlicePrivate = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
constexpr std::string_view kAlicePublic = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
constexpr std::string_view kBobPrivate = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
constexpr std::string_view kBobPublic = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
constexpr std::string_view kShared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";

AgreementKey Key(std::string_view hex) { return *AgreementKey::FromBytes(*FromHex(hex)); }

TEST(X25519, AgreesWithTheRfc) {
  const AgreementKey alice = Key(kAlicePrivate), bob = Key(kBobPrivate);
  EXPECT_EQ(ToHex(alice.public_key()), kAlicePublic);
  EXPECT_EQ(ToHex(bob.public_key()), kBobPublic);
  EXPECT_EQ(ToHex(alice.Agree(bob.public_key())->view()), kShared);
  EXPECT_EQ(ToHex(bob.Agree(alice.public_key())->view()), kShared);
}

// RFC 7748 §5.2, the first vector: the scalar is clamped, the coordinate's high bit ignored.
TEST(X25519, MultipliesAsTheRfcDoes) {
  const AgreementKey key = Key("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4");
  const auto shared = key.Agree(*FromHex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"));
  ASSERT_TRUE(shared);
  EXPECT_EQ(ToHex(shared->view()), "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
}

TEST(X25519, MakesKeysThatAgreeAndDiffer) {
  const AgreementKey a = AgreementKey::Generate(), b = AgreementKey::Generate();
  EXPECT_NE(a.public_key(), b.public_key());
  EXPECT_EQ(ToHex(a.Agree(b.public_key())->view()), ToHex(b.Agree(a.public_key())->view()));
  const AgreementKey again = *AgreementKey::FromBytes(a.ToBytes().view());
  EXPECT_EQ(again.public_key(), a.public_key());
}

TEST(X25519, RefusesKeysOfAnotherLength) {
  const AgreementKey key = AgreementKey::Generate();
  for (const size_t size : {0u, 31u, 33u}) {
    EXPECT_EQ(AgreementKey::FromBytes(std::string(size, 'x')).error().code, ErrorCode::kInvalid);
    EXPECT_EQ(key.Agree(std::string(size, 'x')).error().code, ErrorCode::kInvalid);
  }
}

// Points of small order: whoever sends one knows the "shared" secret without any private key.
TEST(X25519, RefusesToAgreeOnASecretThatEverybodyKnows) {
  const AgreementKey key = AgreementKey::Generate();
  for (const std::string_view point : {"0000000000000000000000000000000000000000000000000000000000000000",
                                       "0100000000000000000000000000000000000000000000000000000000000000",
                                       "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                                       "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                                       "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
    EXPECT_EQ(key.Agree(*FromHex(point)).error().code, ErrorCode::kInvalid) << point;
  }
}

}  // namespace
}  // namespace postern::crypto
