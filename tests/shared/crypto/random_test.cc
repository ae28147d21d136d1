#include "shared/crypto/random.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace postern::crypto {
namespace {

TEST(RandomBytes, FillsAllOfTheSpanAndDiffersEachTime) {
  std::set<std::vector<uint8_t>> seen;
  for (int i = 0; i < 100; ++i) {
    std::vector<uint8_t> bytes(32);
    RandomBytes(bytes);
    // A quarter left as zeros has a chance of 2^-64.
    EXPECT_NE(std::count(bytes.begin(), bytes.begin() + 8, 0), 8);
    EXPECT_NE(std::count(bytes.end() - 8, bytes.end(), 0), 8);
    EXPECT_TRUE(seen.insert(bytes).second);
  }
}

TEST(RandomBytes, AcceptsAnEmptySpan) { RandomBytes({}); }

TEST(ConstantTimeEqual, IsEqualityOfBytes) {
  EXPECT_TRUE(ConstantTimeEqual("", ""));
  EXPECT_TRUE(ConstantTimeEqual(std::string("a\0b", 3), std::string("a\0b", 3)));
  EXPECT_FALSE(ConstantTimeEqual(std::string("a\0b", 3), std::string("a\0c", 3)));
  EXPECT_FALSE(ConstantTimeEqual("abc", "ab"));
  EXPECT_FALSE(ConstantTimeEqual("", "a"));
}

TEST(Cleanse, LeavesNothing) {
  std::string secret = "correct horse";
  Cleanse(secret);
  EXPECT_EQ(secret, std::string(13, '\0'));
}

}  // namespace
}  // namespace postern::crypto
