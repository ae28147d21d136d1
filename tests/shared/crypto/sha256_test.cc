#include "shared/crypto/sha256.h"

#include <string>

#include <gtest/gtest.h>

#include "shared/base/hex.h"

namespace postern::crypto {
namespace {

std::string Hex(const Digest& digest) { return ToHex(AsBytes(digest)); }

// FIPS 180-4's examples (one block, two blocks, a million bytes) and the empty message.
constexpr const char* kEmpty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr const char* kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr const char* kTwoBlocks = "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";
constexpr const char* kMillion = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

TEST(Sha256, AgreesWithThePublishedExamples) {
  EXPECT_EQ(Hex(Sha256("")), kEmpty);
  EXPECT_EQ(Hex(Sha256("abc")), kAbc);
  EXPECT_EQ(Hex(Sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")), kTwoBlocks);
  EXPECT_EQ(Hex(Sha256(std::string(1'000'000, 'a'))), kMillion);
}

TEST(Sha256Hasher, PiecesGiveTheDigestOfTheWhole) {
  const std::string whole(1'000'000, 'a');
  Sha256Hasher hasher;
  for (size_t at = 0, size = 1; at < whole.size(); at += size, size = size * 3 + 1) {
    hasher.Update(std::string_view(whole).substr(at, size));
  }
  EXPECT_EQ(Hex(hasher.Finish()), kMillion);
}

TEST(Sha256Hasher, StartsAnewAfterFinish) {
  Sha256Hasher hasher;
  hasher.Update("something else");
  hasher.Finish();
  EXPECT_EQ(Hex(hasher.Update("abc").Finish()), kAbc);
  EXPECT_EQ(Hex(hasher.Finish()), kEmpty);
}

}  // namespace
}  // namespace postern::crypto
