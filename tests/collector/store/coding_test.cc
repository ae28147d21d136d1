#include "collector/store/coding.h"

#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "shared/base/hex.h"

namespace postern::store {
namespace {

TEST(Coding, WhatWasWrittenIsRead) {
  std::string bytes;
  PutByte(bytes, 200);
  PutNumber(bytes, ~uint64_t{0});
  PutShortNumber(bytes, 7);
  PutHour(bytes, -5);
  PutTime(bytes, WallTime::min());
  PutVarint(bytes, ~uint64_t{0});
  PutVarint(bytes, 300);
  PutSigned(bytes, std::numeric_limits<int64_t>::min());
  PutSigned(bytes, 1);
  PutText(bytes, std::string("a\0b", 3));
  bytes += "rest";
  Decoder decoder(bytes);
  EXPECT_EQ(decoder.Byte(), 200);
  EXPECT_EQ(decoder.Number(), ~uint64_t{0});
  EXPECT_EQ(decoder.ShortNumber(), 7u);
  EXPECT_EQ(decoder.ReadHour(), -5);
  EXPECT_EQ(decoder.Time(), WallTime::min());
  EXPECT_EQ(decoder.Varint(), ~uint64_t{0});
  EXPECT_EQ(decoder.Varint(), 300u);
  EXPECT_EQ(decoder.Signed(), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(decoder.Signed(), 1);
  EXPECT_EQ(decoder.Text(), std::string("a\0b", 3));
  EXPECT_EQ(decoder.Rest(), "rest");
  EXPECT_TRUE(decoder.complete());
}

TEST(Coding, SmallNumbersAreShort) {
  std::string bytes;
  PutVarint(bytes, 127);
  PutSigned(bytes, -1);
  PutSigned(bytes, 63);
  PutVarint(bytes, 128);
  EXPECT_EQ(ToHex(bytes), "7f017e8001");
}

TEST(Coding, HoursSortAsTheirKeysDo) {
  std::string before;
  PutHour(before, -1);
  std::string after;
  PutHour(after, 0);
  EXPECT_LT(before, after);
}

TEST(Coding, WhatIsNotThereMakesEverythingAfterItWrong) {
  for (const std::string& bytes : {std::string(), std::string(7, 'x'), std::string(12, '\xff')}) {
    Decoder decoder(bytes);
    if (bytes.size() == 12) decoder.Varint();
    else decoder.Number();
    EXPECT_FALSE(decoder.ok());
    EXPECT_EQ(decoder.Byte(), 0);
    EXPECT_EQ(decoder.Rest(), "");
    EXPECT_FALSE(decoder.complete());
  }
  std::string longer;
  PutVarint(longer, 5);
  Decoder decoder(longer += "four");
  EXPECT_EQ(decoder.Text(), "");
  EXPECT_FALSE(decoder.ok());
}

}  // namespace
}  // namespace postern::store
