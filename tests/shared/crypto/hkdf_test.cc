#include "shared/crypto/hkdf.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "shared/base/hex.h"

namespace postern::crypto {
namespace {

std::string Derive(size_t size, std::string_view input, std::string_view salt, std::string_view info) {
  std::vector<uint8_t> out(size);
  DeriveHkdf(out, *FromHex(input), *FromHex(salt), *FromHex(info));
  return ToHex({reinterpret_cast<const char*>(out.data()), out.size()});
}

std::string Counting(int from, int to) {
  std::string bytes;
  for (int i = from; i <= to; ++i) bytes += static_cast<char>(i);
  return ToHex(bytes);
}

// RFC 5869, appendix A.
TEST(Hkdf, AgreesWithTheRfc) {
  EXPECT_EQ(Derive(42, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
                   "f0f1f2f3f4f5f6f7f8f9"),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  EXPECT_EQ(Derive(82, Counting(0x00, 0x4f), Counting(0x60, 0xaf), Counting(0xb0, 0xff)),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
            "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
  EXPECT_EQ(Derive(42, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", ""),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST(HkdfDeathTest, GivesNoMoreThanTheRfcAllows) {
  std::vector<uint8_t> out(255 * 32 + 1);
  EXPECT_DEATH(DeriveHkdf(out, "input", "", ""), "CHECK failed");
}

}  // namespace
}  // namespace postern::crypto
