#include "shared/base/json_text.h"

#include <gtest/gtest.h>

namespace postern {
namespace {

TEST(JsonText, EscapesWhatJsonForbidsAndNothingElse) {
  EXPECT_EQ(JsonString("a\"b\\c\n\r\t\x01\x7f/é😀"), "\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u007f/é😀\"");
}

TEST(JsonText, BytesThatAreNotUtf8BecomeTheReplacementCharacter) {
  EXPECT_EQ(JsonString("a\xff"), "\"a\uFFFD\"");
  EXPECT_EQ(JsonString("\xc3"), "\"\uFFFD\"");                      // cut short
  EXPECT_EQ(JsonString("\xc0\xaf"), "\"\uFFFD\uFFFD\"");            // overlong
  EXPECT_EQ(JsonString("\xed\xa0\x80"), "\"\uFFFD\uFFFD\uFFFD\"");  // a surrogate
  EXPECT_EQ(JsonString("\xf5\x80\x80\x80"), "\"\uFFFD\uFFFD\uFFFD\uFFFD\"");
}

}  // namespace
}  // namespace postern
