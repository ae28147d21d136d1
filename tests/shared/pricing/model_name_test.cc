#include "shared/pricing/model_name.h"

#include <gtest/gtest.h>

namespace postern::pricing {
namespace {

TEST(ModelName, PlainIdsStayAsTheyAre) {
  EXPECT_EQ(ParseModelName("claude-opus-5-5"), (ModelName{"claude-opus-5-5", Endpoint::kUnsaid}));
  EXPECT_EQ(ParseModelName("claude-haiku-4-5-20251001").id, "claude-haiku-4-5-20251001");
  EXPECT_EQ(ParseModelName("gpt-6").id, "gpt-6");
  EXPECT_EQ(ParseModelName("").id, "");
}

TEST(ModelName, TheLongContextIsTheSameModel) {
  EXPECT_EQ(ParseModelName("claude-sonnet-5[1m]").id, "claude-sonnet-5");
}

TEST(ModelName, BedrockSaysWhereItRuns) {
  EXPECT_EQ(ParseModelName("anthropic.claude-opus-5"), (ModelName{"claude-opus-5", Endpoint::kRegional}));
  EXPECT_EQ(ParseModelName("us.anthropic.claude-opus-4-6-v1"),
            (ModelName{"claude-opus-4-6", Endpoint::kRegional}));
  EXPECT_EQ(ParseModelName("eu.anthropic.claude-sonnet-4-5-20250929-v1:0"),
            (ModelName{"claude-sonnet-4-5-20250929", Endpoint::kRegional}));
  EXPECT_EQ(ParseModelName("global.anthropic.claude-haiku-4-5-20251001-v1:0[1m]"),
            (ModelName{"claude-haiku-4-5-20251001", Endpoint::kGlobal}));
  EXPECT_EQ(
      ParseModelName("arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-5"),
      (ModelName{"claude-opus-5", Endpoint::kRegional}));
}

TEST(ModelName, VertexWritesTheDateBehindAnAt) {
  EXPECT_EQ(ParseModelName("claude-sonnet-4-5@20250929").id, "claude-sonnet-4-5-20250929");
  EXPECT_EQ(ParseModelName("claude-opus-5@default").id, "claude-opus-5");
}

TEST(ModelName, NothingElseIsTakenForAKnownForm) {
  EXPECT_EQ(ParseModelName("notanthropic.claude-opus-5").id, "notanthropic.claude-opus-5");
  EXPECT_EQ(ParseModelName("claude-opus-5-v1").id, "claude-opus-5-v1")
      << "Bedrock's version only on Bedrock's ids";
  EXPECT_EQ(ParseModelName("anthropic.claude-opus-5-v").id, "claude-opus-5-v");
}

}  // namespace
}  // namespace postern::pricing
