#include "shared/crypto/ed25519.h"

#include <string>

#include <gtest/gtest.h>

#include "shared/base/hex.h"

namespace postern::crypto {
namespace {

std::string Bytes(std::string_view hex) { return *FromHex(hex); }

struct Vector {
  const char* seed;
  const char* public_key;
  const char* message;
  const char* signature;
};

// RFC 8032, section 7.1: TEST 1, 2, 3 and SHA(abc).
constexpr Vector kVectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f"
     "0595bbe24"
     "655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2ea"
     "eb4302aee"
     "b00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e"
     "9716ed28d"
     "c027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d442"
     "3643ce80e"
     "2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179"
     "c138ac17a"
     "d9bef1177331a704"},
};

TEST(Ed25519, AgreesWithThePublishedVectors) {
  for (const Vector& vector : kVectors) {
    SCOPED_TRACE(vector.public_key);
    const auto key = SigningKey::FromSeed(Bytes(vector.seed));
    ASSERT_TRUE(key);
    EXPECT_EQ(ToHex(key->public_key().raw()), vector.public_key);
    EXPECT_EQ(ToHex(AsBytes(key->Sign(Bytes(vector.message)))), vector.signature);
    const auto public_key = PublicKey::FromBytes(Bytes(vector.public_key));
    ASSERT_TRUE(public_key);
    EXPECT_TRUE(public_key->Verify(Bytes(vector.message), Bytes(vector.signature)));
  }
}

TEST(Ed25519, AnyOtherBitIsRefused) {
  const SigningKey key = SigningKey::Generate();
  const std::string message = "head";
  const Signature signature = key.Sign(message);
  for (size_t bit = 0; bit < signature.size() * 8; ++bit) {
    Signature changed = signature;
    changed[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_FALSE(key.public_key().Verify(message, AsBytes(changed))) << bit;
  }
  EXPECT_FALSE(key.public_key().Verify("heae", AsBytes(signature)));
  EXPECT_FALSE(key.public_key().Verify(message, AsBytes(signature).substr(1)));
  EXPECT_FALSE(key.public_key().Verify(message, ""));
}

TEST(Ed25519, AnotherKeyRefuses) {
  const SigningKey key = SigningKey::Generate();
  const SigningKey other = SigningKey::Generate();
  EXPECT_FALSE(key.public_key() == other.public_key());
  EXPECT_FALSE(other.public_key().Verify("head", AsBytes(key.Sign("head"))));
}

TEST(Ed25519, PemKeepsTheKey) {
  const SigningKey key = SigningKey::Generate();
  const auto read = SigningKey::FromPem(key.ToPem());
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->public_key() == key.public_key());
  EXPECT_TRUE(key.public_key().Verify("head", AsBytes(read->Sign("head"))));
}

TEST(Ed25519, ReadsWhatOpensslGenpkeyWrites) {
  // RFC 8410, section 10.3.
  const auto key = SigningKey::FromPem(
      "-----BEGIN PRIVATE KEY-----\n"
      "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
      "-----END PRIVATE KEY-----\n");
  ASSERT_TRUE(key);
  EXPECT_EQ(ToHex(key->public_key().raw()),
            "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
}

TEST(Ed25519, OtherKeysAndLengthsAreInvalid) {
  EXPECT_EQ(SigningKey::FromSeed("short").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(PublicKey::FromBytes("short").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(SigningKey::FromPem("").error().code, ErrorCode::kInvalid);
  // An X25519 key of the same length.
  EXPECT_EQ(SigningKey::FromPem("-----BEGIN PRIVATE KEY-----\n"
                                "MC4CAQAwBQYDK2VuBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
                                "-----END PRIVATE KEY-----\n")
                .error()
                .code,
            ErrorCode::kInvalid);
}

}  // namespace
}  // namespace postern::crypto
