#include "shared/policy/plain_name.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

#include "shared/policy/glob.h"

namespace postern::policy {
namespace {

// Against the plain functions of glob.h, which go byte by byte.
void ExpectSame(const std::string& text) {
  const PlainName name(text);
  ASSERT_EQ(name.is_plain(), IsPlainName(text)) << testing::PrintToString(text);
  EXPECT_EQ(name.is_empty(), text.empty());
  if (!name.is_plain()) return;
  EXPECT_EQ(name.written().text, text);
  EXPECT_EQ(name.written().hash, HashOf(text));
  EXPECT_EQ(name.folded().text, Folded(text));
  EXPECT_EQ(name.folded().hash, HashOf(Folded(text))) << text;
  EXPECT_EQ(name.has_capitals(), Folded(text) != text) << text;
}

TEST(PlainName, EveryByteIsTakenForWhatItIsAtEveryPlace) {
  for (int byte = 0; byte < 256; ++byte) {
    for (size_t size = 1; size <= 17; ++size) {
      for (size_t at = 0; at < size; ++at) {
        std::string text(size, 'k');
        text[at] = static_cast<char>(byte);
        ExpectSame(text);
      }
    }
  }
}

TEST(PlainName, LongAndMixedNamesAreFoldedAsTheyAreByteByByte) {
  std::mt19937 random(3);
  const std::string letters = "aAzZ@[`{_-.09mM~!";
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (size_t size = random() % (kMostNameBytes + 3); text.size() < size;)
      text += letters[random() % letters.size()];
    ExpectSame(text);
  }
}

TEST(PlainName, WhatIsEmptyOrTooLongIsNotPlain) {
  ExpectSame("");
  ExpectSame(std::string(kMostNameBytes, 'A'));
  ExpectSame(std::string(kMostNameBytes + 1, 'A'));
}

}  // namespace
}  // namespace postern::policy
