#include "tests/support/provider/directive.h"

#include <gtest/gtest.h>

namespace postern::provider {
namespace {

TEST(FindDirective, FindsTheFirstOneInAText) {
  EXPECT_EQ(FindDirective("no directive here"), std::nullopt);
  EXPECT_EQ(FindDirective("[[posterns are gates]]"), std::nullopt);
  EXPECT_EQ(FindDirective("please [[postern gzip]] and thanks"), " gzip]] and thanks");
  EXPECT_EQ(FindDirective("[[postern]]"), "]]");
  EXPECT_EQ(FindDirective("[[posterns]] [[postern br]]"), " br]]");
}

TEST(ParseDirective, ReadsFlagsNumbersAndTexts) {
  const auto plan = ParseDirective(
      R"(text "hello \"you\"" events=200 size 120 pace_ms=5 gzip http10 cut=rst cut_after=3 interim=103
      interim 100 should_retry=false framing=close odd=7 input_tokens=12 ]] and then this)");
  ASSERT_TRUE(plan) << plan.error().message;
  ASSERT_EQ(plan->blocks.size(), 1U);
  EXPECT_EQ(plan->blocks[0].text, "hello \"you\"");
  EXPECT_EQ(plan->events, 200U);
  EXPECT_EQ(plan->size, 120U);
  EXPECT_EQ(plan->pace, std::chrono::milliseconds(5));
  EXPECT_EQ(plan->coding, Coding::kGzip);
  EXPECT_TRUE(plan->http_1_0);
  EXPECT_EQ(plan->cut, Ending::kReset);
  EXPECT_EQ(plan->cut_after, 3U);
  EXPECT_EQ(plan->interim, (std::vector<int>{103, 100}));
  EXPECT_EQ(plan->should_retry, false);
  EXPECT_EQ(plan->framing, AnswerFraming::kUntilClose);
  EXPECT_EQ(plan->odd, 7U);
  EXPECT_EQ(plan->tokens.input, 12);
}

TEST(ParseDirective, KeepsBlocksInOrderAndBytesOfAToolsInput) {
  const auto plan = ParseDirective(
      R"(thinking "hm" text=hi tool=Bash{"command" : "echo ]] \"}\""} tool Read text "end"]])");
  ASSERT_TRUE(plan) << plan.error().message;
  ASSERT_EQ(plan->blocks.size(), 5U);
  EXPECT_EQ(plan->blocks[0].kind, Block::Kind::kThinking);
  EXPECT_EQ(plan->blocks[1].text, "hi");
  EXPECT_EQ(plan->blocks[2].name, "Bash");
  EXPECT_EQ(plan->blocks[2].text, R"({"command" : "echo ]] \"}\""})");
  EXPECT_EQ(plan->blocks[3].name, "Read");
  EXPECT_EQ(plan->blocks[3].text, "{}");
  EXPECT_EQ(plan->blocks[4].text, "end");
}

TEST(ParseDirective, SaysWhatItDoesNotUnderstand) {
  EXPECT_EQ(ParseDirective("gzip colour=blue]]").error().message, "not an item of a directive: \"colour\"");
  EXPECT_EQ(ParseDirective("status=many]]").error().message, "not a value of status: many");
  EXPECT_EQ(ParseDirective("events=-1]]").error().message, "not a value of events: -1");
  EXPECT_EQ(ParseDirective("interim=200]]").error().message, "not a value of interim: 200");
  EXPECT_EQ(ParseDirective("text]]").error().message, "text wants a value");
  EXPECT_FALSE(ParseDirective("text \"without an end"));
  EXPECT_FALSE(ParseDirective("tool=Bash{\"command\":"));
  EXPECT_FALSE(ParseDirective("body_base64=not-base64"));
}

}  // namespace
}  // namespace postern::provider
