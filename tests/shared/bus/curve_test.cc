#include "shared/bus/curve.h"

#include <gtest/gtest.h>

#include "shared/base/hex.h"

namespace postern::bus {
namespace {

TEST(Curve, ThePublicKeyFollowsFromTheSecretOneAsOpensslHasIt) {
  // openssl pkey -pubout of the X25519 key 000102…1f.
  const auto secret =
      CurveKeyFromBytes(*FromHex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"));
  ASSERT_TRUE(secret);
  const CurveKeys keys = CurveKeys::FromSecret(*secret);
  EXPECT_EQ(ToHex(AsBytes(keys.public_key)),
            "8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f");
  EXPECT_EQ(keys.secret_key, *secret);
}

TEST(Curve, GeneratedKeysDifferAndBelongTogether) {
  const CurveKeys first = CurveKeys::Generate();
  const CurveKeys second = CurveKeys::Generate();
  EXPECT_NE(first.secret_key, second.secret_key);
  EXPECT_NE(first.public_key, second.public_key);
  EXPECT_EQ(CurveKeys::FromSecret(first.secret_key).public_key, first.public_key);
}

TEST(Curve, AKeyHasThirtyTwoBytes) {
  EXPECT_TRUE(CurveKeyFromBytes(std::string(32, 'k')));
  EXPECT_EQ(CurveKeyFromBytes(std::string(31, 'k')).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(CurveKeyFromBytes(std::string(33, 'k')).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(CurveKeyFromBytes("").error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace postern::bus
