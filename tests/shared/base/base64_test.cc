#include "shared/base/base64.h"

#include <gtest/gtest.h>

namespace postern {
namespace {

// RFC 4648 §10.
TEST(Base64, MatchesThePublishedVectors) {
  EXPECT_EQ(ToBase64(""), "");
  EXPECT_EQ(ToBase64("f"), "Zg==");
  EXPECT_EQ(ToBase64("fo"), "Zm8=");
  EXPECT_EQ(ToBase64("foo"), "Zm9v");
  EXPECT_EQ(ToBase64("foob"), "Zm9vYg==");
  EXPECT_EQ(ToBase64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(ToBase64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(*FromBase64("Zm9vYg=="), "foob");
  EXPECT_EQ(*FromBase64("Zm9vYmE="), "fooba");
}

TEST(Base64, EveryByteGoesThereAndBack) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  EXPECT_EQ(*FromBase64(ToBase64(bytes)), bytes);
}

TEST(Base64, RefusesWhatIsNotCanonical) {
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm9v=", "=m9v", "Zg==Zg==", "Zm 9", "Zm9-"}) {
    EXPECT_FALSE(FromBase64(text)) << text;
  }
}

}  // namespace
}  // namespace postern
