#include "shared/secrets/left_escapes.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

#include "shared/secrets/token_run.h"

namespace postern::secrets {
namespace {

constexpr char kToken[] = "tok_a1b2c3d4e5f6";

std::string LooseOf(const std::string& text) { return std::string(LooseAround(text).text.text()); }

TEST(LeftEscapes, AreUndoneAroundWhatLooksLikeAToken) {
  EXPECT_EQ(LooseOf("3\t\"env\": \"A=1\\n" + std::string(kToken) + "\\\"\\\\\\t,"),
            "3\t\"env\": \"A=1\n" + std::string(kToken) + "\"\t,");
  EXPECT_EQ(LooseOf("\\\\\\\\n" + std::string(kToken)), "\n" + std::string(kToken));
  EXPECT_EQ(LooseOf("\\u003d" + std::string(kToken)), "=" + std::string(kToken));
  // What is none stays one backslash.
  EXPECT_EQ(LooseOf("\\d \\\\d \\n" + std::string(kToken)), "\\d \\d \n" + std::string(kToken));
}

TEST(LeftEscapes, OfOrdinaryTextNothingIsLookedAtAgain) {
  for (const std::string text :
       {"", "\\", "a\\", "printf(\"hello\\n\");\\t\\\"word\\\"", "no escape tok_a1b2c3d4e5f6",
        "C:\\users\\me", "\\ tok_a1b2c3d4e5f6", "\\dtok_a1b2c3d4e5f6"})
    EXPECT_TRUE(LooseAround(text).empty()) << text;
}

TEST(LeftEscapes, StretchesAreKeptApart) {
  const std::string far(2'000, ' ');
  const LooseText loose = LooseAround("\\n" + std::string(kToken) + far + "\\n" + kToken);
  ASSERT_EQ(loose.ends.size(), 2u);
  EXPECT_TRUE(loose.IsOfOne({0, loose.ends[0]}));
  EXPECT_TRUE(loose.IsOfOne({loose.ends[0], loose.ends[1]}));
  EXPECT_FALSE(loose.IsOfOne({loose.ends[0] - 1, loose.ends[0] + 1}));
  EXPECT_TRUE(loose.IsOfOne({loose.ends[0] - 1, loose.ends[0]}));
}

// Every byte of a stretch comes from where it says, and every token behind an escape is in one.
TEST(LeftEscapes, SayWhereTheyComeFrom) {
  constexpr const char* kWords[] = {"a ", "\\n", "\\\\", "\\\"", "\\u00e9", kToken,
                                    " ",  "\"",  "é",    "\\x",  "word"};
  std::mt19937 random(3);
  for (int i = 0; i < 3'000; ++i) {
    std::string text;
    for (size_t words = random() % 60; words > 0; --words) text += kWords[random() % std::size(kWords)];
    const LooseText loose = LooseAround(text);
    const std::string_view said = loose.text.text();
    for (size_t at = 0; at < said.size(); ++at) {
      const Span raw = loose.text.Raw({at, at + 1});
      ASSERT_LT(raw.begin, raw.end);
      ASSERT_LE(raw.end, text.size());
      if (text[raw.begin] != '\\') {
        ASSERT_EQ(text[raw.begin], said[at]) << text;
      }
    }
    const std::string wanted = "\\n" + std::string(kToken);
    for (size_t at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + 1))
      ASSERT_NE(said.find("\n" + std::string(kToken)), std::string_view::npos) << text;
  }
}

}  // namespace
}  // namespace postern::secrets
