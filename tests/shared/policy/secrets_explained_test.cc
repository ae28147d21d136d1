#include "shared/policy/secrets_explained.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/shared/policy/policy_text.h"

namespace postern::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ExplainSecrets, SaysWhatHoldsWhereNobodySpeaks) {
  const Compiled silent = CompiledOf("", {});
  const SecretsExplained explained = ExplainSecrets(silent, {}, "any", "/a");
  EXPECT_EQ(explained.action, "redact");
  EXPECT_EQ(explained.rule, "");
  EXPECT_EQ(explained.level, "");
  EXPECT_THAT(explained.restore, IsEmpty());
  EXPECT_FALSE(explained.answers);
}

TEST(ExplainSecrets, SaysWhoseRuleDecidesAndWhereOriginalsGoBack) {
  const Compiled policy = CompiledOf(
      "  restore: [Write, Edit]\n"
      "  secrets: [{paths: [\"*/testdata/*\"], action: off}]\n"
      "teams:\n"
      "  ml:\n"
      "    restore: [Edit]\n"
      "    secrets: [{rules: [aws-*], action: block}, {action: warn}]\n"
      "secrets: {answers: true}\n",
      {});
  Facts facts;
  facts.team = "ml";
  const SecretsExplained everywhere = ExplainSecrets(policy, facts, "", "");
  EXPECT_EQ(everywhere.action, "redact");
  EXPECT_EQ(everywhere.level, "");
  EXPECT_THAT(everywhere.restore, ElementsAre("Edit"));
  EXPECT_TRUE(everywhere.answers);
  const SecretsExplained in_a_test = ExplainSecrets(policy, facts, "x", "/repo/testdata/a");
  EXPECT_EQ(in_a_test.action, "warn");
  EXPECT_EQ(in_a_test.rule, "teams.ml.secrets[1]");
  EXPECT_EQ(in_a_test.level, "team ml");
  EXPECT_EQ(ExplainSecrets(policy, facts, "aws-access-token", "/repo/testdata/a").action, "block");
  facts.team = "";
  const SecretsExplained outside = ExplainSecrets(policy, facts, "x", "/repo/testdata/a");
  EXPECT_EQ(outside.action, "off");
  EXPECT_EQ(outside.rule, "organisation.secrets[0]");
  EXPECT_EQ(outside.level, "organisation");
  EXPECT_THAT(outside.restore, ElementsAre("Write", "Edit"));
}

}  // namespace
}  // namespace postern::policy
