#include "shared/crypto/aes_gcm.h"

#include <string>

#include <gtest/gtest.h>

#include "shared/base/hex.h"

namespace postern::crypto {
namespace {

struct Vector {
  std::string_view key, nonce, text, bound, ciphertext, tag;
};

// The GCM specification (McGrew, Viega), appendix B, test cases 13 to 16, which NIST took over.
constexpr std::string_view kKey = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
constexpr std::string_view kNonce = "cafebabefacedbaddecaf888";
constexpr Vector kVectors[] = {
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "", "",
     "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "00000000000000000000000000000000", "", "cea7403d4d606b6e074ec5d3baf39d18",
     "d0d1c8a799996bf0265b98b5d48ab919"},
    {kKey, kNonce,
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf"
     "5"
     "aa0de657ba637b391aafd255",
     "",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6"
     "3"
     "93ba7a0abcc9f662898015ad",
     "b094dac5d93471bdec1a502270e3cc6c"},
    {kKey, kNonce,
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf"
     "5"
     "aa0de657ba637b39",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6"
     "3"
     "93ba7a0abcc9f662",
     "76fc6ece0f4e1768cddf8853bb2d551b"},
};

TEST(AesGcm, AgreesWithThePublishedVectors) {
  for (const Vector& vector : kVectors) {
    const std::string key = *FromHex(vector.key), nonce = *FromHex(vector.nonce),
                      bound = *FromHex(vector.bound);
    const std::string box = EncryptAesGcm(key, nonce, *FromHex(vector.text), bound);
    EXPECT_EQ(ToHex(box), std::string(vector.ciphertext) + std::string(vector.tag));
    const auto opened = DecryptAesGcm(key, nonce, box, bound);
    ASSERT_TRUE(opened);
    EXPECT_EQ(ToHex(opened->view()), vector.text);
  }
}

TEST(AesGcm, NoticesEveryFlippedBit) {
  const std::string key(32, 'k'), nonce(12, 'n'),
      box = EncryptAesGcm(key, nonce, "sixteen letters!", "bound");
  ASSERT_TRUE(DecryptAesGcm(key, nonce, box, "bound"));
  const auto flipped = [](std::string bytes, size_t bit) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
    return bytes;
  };
  for (size_t bit = 0; bit < box.size() * 8; ++bit)
    EXPECT_EQ(DecryptAesGcm(key, nonce, flipped(box, bit), "bound").error().code, ErrorCode::kDenied);
  EXPECT_FALSE(DecryptAesGcm(flipped(key, 3), nonce, box, "bound"));
  EXPECT_FALSE(DecryptAesGcm(key, flipped(nonce, 3), box, "bound"));
  EXPECT_FALSE(DecryptAesGcm(key, nonce, box, flipped("bound", 3)));
  EXPECT_FALSE(DecryptAesGcm(key, nonce, box, ""));
}

TEST(AesGcm, NoticesEveryCut) {
  const std::string key(32, 'k'), nonce(12, 'n'), box = EncryptAesGcm(key, nonce, "a text", "");
  for (size_t size = 0; size < box.size(); ++size)
    EXPECT_EQ(DecryptAesGcm(key, nonce, box.substr(0, size), "").error().code, ErrorCode::kDenied) << size;
}

TEST(AesGcmDeathTest, TakesNoOtherKeyOrNonce) {
  EXPECT_DEATH(EncryptAesGcm(std::string(16, 'k'), std::string(12, 'n'), "", ""), "CHECK failed");
  EXPECT_DEATH(EncryptAesGcm(std::string(32, 'k'), std::string(16, 'n'), "", ""), "CHECK failed");
}

}  // namespace
}  // namespace postern::crypto
