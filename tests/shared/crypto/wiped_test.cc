#include "shared/crypto/wiped.h"

#include <cstring>
#include <new>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace postern::crypto {
namespace {

using Four = WipedBytes<4>;

void Fill(Four& bytes, std::string_view text) { std::memcpy(bytes.bytes().data(), text.data(), 4); }

TEST(WipedBytes, LeavesNothingBehindWhenItGoes) {
  alignas(Four) unsigned char place[sizeof(Four)];
  auto* bytes = new (place) Four;
  Fill(*bytes, "abcd");
  EXPECT_EQ(bytes->view(), "abcd");
  bytes->~Four();
  // Read through volatile: what an object leaves behind is nobody's, and may else be taken as unread.
  volatile const unsigned char* left = place;
  for (size_t i = 0; i < sizeof place; ++i) EXPECT_EQ(left[i], 0);
}

TEST(WipedBytes, LeavesNothingBehindWhenItMoves) {
  Four first;
  Fill(first, "abcd");
  Four second = std::move(first);
  EXPECT_EQ(second.view(), "abcd");
  EXPECT_EQ(first.view(), std::string_view("\0\0\0\0", 4));  // NOLINT: that is the question
  Four third;
  third = std::move(second);
  EXPECT_EQ(third.view(), "abcd");
  EXPECT_EQ(second.view(), std::string_view("\0\0\0\0", 4));  // NOLINT
}

TEST(WipeAtEnd, WipesTheText) {
  std::string text = "a secret";
  {
    const WipeAtEnd wipe(text);
  }
  EXPECT_EQ(text, std::string(8, '\0'));
}

}  // namespace
}  // namespace postern::crypto
