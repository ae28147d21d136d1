#include "shared/secrets/samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/secrets/rule_file.h"

namespace postern::secrets {
namespace {

TEST(Sample, IsFilledInTheSameWayAlways) {
  const std::string filled = FilledIn("a {hex 8} b", 7).value();
  EXPECT_EQ(filled.size(), 12u);
  EXPECT_EQ(filled, FilledIn("a {hex 8} b", 7).value());
  EXPECT_NE(filled, FilledIn("a {hex 8} b", 8).value());
  EXPECT_EQ(filled.substr(2, 8).find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(FilledIn("{same 3 x}", 1).value(), "xxx");
}

TEST(Sample, LeavesBracesThatDescribeNothing) {
  for (const char* text : {"{}", "{x}", "${NAME}", "{hex}", "{hex x}", "{ {", "{hex 1 2}"})
    EXPECT_EQ(FilledIn(text, 1).value(), text);
  EXPECT_FALSE(FilledIn("{hex 9999999}", 1));
}

TEST(Prove, NamesEachSampleThatDoesNotHold) {
  const auto rules = ReadRules(R"(
[[rules]]
id = "good"
regex = 'good_[a-z]{4}'
trueSamples = ['good_{lower 4}']
falseSamples = ['good_{upper 4}']
[[rules]]
id = "bad"
regex = 'bad_[a-z]{4}'
trueSamples = ['bad_{upper 4}']
falseSamples = ['bad_{lower 4}']
[[rules]]
id = "mute"
regex = 'mute'
)",
                               "f.toml", {});
  ASSERT_TRUE(rules) << rules.error().message;
  const auto scanner = Scanner::Make(*rules, {});
  ASSERT_TRUE(scanner) << scanner.error().message;
  const Proof proof = Prove(*scanner);
  EXPECT_EQ(proof.rules, 3u);
  EXPECT_EQ(proof.true_samples, 2u);
  EXPECT_THAT(proof.failures, testing::ElementsAre("f.toml:7: bad: its true sample 1 isn't found",
                                                   "f.toml:7: bad: its false sample 1 is found",
                                                   "f.toml:12: mute: it has no true sample"));
}

}  // namespace
}  // namespace postern::secrets
