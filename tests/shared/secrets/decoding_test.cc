#include "shared/secrets/decoding.h"

#include <gtest/gtest.h>

#include "shared/base/base64.h"
#include "shared/base/hex.h"

namespace postern::secrets {
namespace {

std::string Once(const std::string& text) {
  Decoded decoded;
  return Decoded::From(text, nullptr, decoded) ? decoded.text() : "(nothing)";
}

TEST(Decoded, ReadsEachEncodingInItsPlace) {
  EXPECT_EQ(Once("a=%68%65llo b"), "a=hello b");
  EXPECT_EQ(Once("a=\\u0068\\u0065 b"), "a=he b");
  EXPECT_EQ(Once("a=\\\\u0068\\\\u0065 b"), "a=he b");
  EXPECT_EQ(Once("U+0068 U+0065 b"), "heb");
  EXPECT_EQ(Once("x " + ToHex("a secret of 20 bytes") + " y"), "x a secret of 20 bytes y");
  EXPECT_EQ(Once("x " + ToBase64("a secret of 20 bytes") + " y"), "x a secret of 20 bytes y");
  EXPECT_EQ(Once("x YSBzZWNyZXQgb2YgMjAgYnl0ZXM y"), "x a secret of 20 bytes y");
}

TEST(Decoded, ReadsWhatIsEncodedOnEachOfSeveralLines) {
  EXPECT_EQ(Once("%41 a\n%42 b\n%43 c, and more than sixteen bytes behind"),
            "A a\nB b\nC c, and more than sixteen bytes behind");
  const std::string run = ToBase64("a secret of 20 bytes");
  EXPECT_EQ(Once("%41\n%42 x\n" + run + "\n\\u0043 and\n" + run + "."),
            "A\nB x\na secret of 20 bytes\nC and\na secret of 20 bytes.");
}

TEST(Decoded, FindsARunWhereverItBegins) {
  const std::string run = ToBase64("a secret of 20 bytes");
  for (size_t before = 0; before < 40; ++before) {
    for (size_t behind = 0; behind < 20; ++behind)
      ASSERT_EQ(Once(std::string(before, ' ') + run + std::string(behind, ' ')),
                std::string(before, ' ') + "a secret of 20 bytes" + std::string(behind, ' '));
  }
  for (size_t length = 1; length < 40; ++length) EXPECT_EQ(Once(std::string(length, '/') + "."), "(nothing)");
}

TEST(Decoded, LeavesWhatSaysNothing) {
  EXPECT_EQ(Once("plain text"), "(nothing)");
  EXPECT_EQ(Once("100% of it, 5%"), "(nothing)");
  EXPECT_EQ(Once("a_name_of_sixteen_and_more_letters"), "(nothing)");
  EXPECT_EQ(Once("\\n \\u12 \\"), "(nothing)");
  EXPECT_EQ(Once("caf\\u00e9 \\u20ac"), "(nothing)");
  EXPECT_EQ(Once(""), "(nothing)");
}

TEST(Decoded, KnowsWhereItsBytesComeFrom) {
  const std::string text = "ab %63%64 ef";
  Decoded decoded;
  ASSERT_TRUE(Decoded::From(text, nullptr, decoded));
  ASSERT_EQ(decoded.text(), "ab cd ef");
  EXPECT_EQ(decoded.Origin({0, 2}), (Span{0, 2}));
  EXPECT_EQ(decoded.Origin({3, 5}), (Span{3, 9}));
  EXPECT_EQ(decoded.Origin({4, 5}), (Span{3, 9}));
  EXPECT_EQ(decoded.Origin({1, 8}), (Span{1, 12}));
  EXPECT_TRUE(decoded.IsFresh({2, 4}));
  EXPECT_TRUE(decoded.IsFresh({0, 3}));  // beside it
  EXPECT_TRUE(decoded.IsFresh({5, 8}));
  EXPECT_FALSE(decoded.IsFresh({0, 2}));
  EXPECT_FALSE(decoded.IsFresh({6, 8}));
  EXPECT_EQ(decoded.Here({0, 3}), (Span{0, 3}));
  EXPECT_EQ(decoded.Here({1, 9}), (Span{1, 5}));
  EXPECT_EQ(decoded.Here({9, 11}), (Span{5, 7}));
  EXPECT_EQ(decoded.Here({10, 12}), (Span{6, 8}));
}

TEST(Decoded, NestsAndRemembersHow) {
  const std::string text =
      "x " + ToBase64("y %68%65%6c%6c%6f " + ToBase64("the innermost of them") + " z") + " w";
  Decoded first, second;
  ASSERT_TRUE(Decoded::From(text, nullptr, first));
  ASSERT_TRUE(Decoded::From(first.text(), &first, second));
  EXPECT_EQ(second.text(), "x y hello the innermost of them z w");
  const size_t at = second.text().find("innermost");
  EXPECT_TRUE(second.IsFresh({at, at + 9}));
  EXPECT_EQ(second.Origin({at, at + 9}), (Span{2, text.size() - 2}));
  EXPECT_EQ(second.depth({at, at + 9}), 2);
  EXPECT_EQ(second.encodings({at, at + 9}), kBase64);
  EXPECT_EQ(second.encodings({at - 8, at + 9}), kBase64 | kPercent);
  Decoded third;
  EXPECT_FALSE(Decoded::From(second.text(), &second, third));
}

TEST(Decoded, TakesEachRunOfPercentSignsForItself) {
  Decoded decoded;
  ASSERT_TRUE(Decoded::From("a%20b and c%3d%3De", nullptr, decoded));
  ASSERT_EQ(decoded.text(), "a b and c==e");
  EXPECT_EQ(decoded.Origin({4, 7}), (Span{6, 9}));
  EXPECT_FALSE(decoded.IsFresh({4, 7}));
  EXPECT_EQ(decoded.Origin({9, 10}), (Span{11, 17}));
}

TEST(Decoded, LeavesARunBesidePercentSignsUntilTheyAreRead) {
  const std::string run = ToBase64("is? it? yes no? 0 is? it?");
  ASSERT_NE(run.find('/'), std::string::npos);
  std::string escaped = run;
  for (size_t at = escaped.find('/'); at != std::string::npos; at = escaped.find('/', at))
    escaped.replace(at, 1, "%2F");
  EXPECT_EQ(Once("x=" + escaped), "x=" + run);
  EXPECT_EQ(Once("x=%41" + run), "x=A" + run);
}

TEST(Decoded, TakesWhatTerminalsTakeAsSignsForText) {
  EXPECT_EQ(Once(ToBase64("\x1b[1mbold and loud\x1b[0m")), "\x1b[1mbold and loud\x1b[0m");
  EXPECT_EQ(Once(ToBase64(std::string("a bell rings: \x07"))), "(nothing)");
}

TEST(Decoded, ReadsALongLineOfUnprintableEscapesOnce) {
  std::string text;
  for (int i = 0; i < 300'000; ++i) text += "%00";
  EXPECT_EQ(Once(text), "(nothing)");
}

}  // namespace
}  // namespace postern::secrets
