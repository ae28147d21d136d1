#include "collector/policy/explained.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/collector/policy/desk.h"

namespace postern::policies {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ExplainedTest : public Desk {
 protected:
  ExplainedTest() {
    house.Credential("main");
    house.Team("ml", {"main"});
    house.User("eve@example.com", "ml");
    key_id = house.Key("eve@example.com").record.id();
    Applied(
        Text("teams:\n"
             "  ml:\n"
             "    models: {deny: [claude-opus-5]}\n"
             "    tools: {deny: [Bash]}\n"
             "    max_tokens: 16000\n"
             "    message: ask eve\n"
             "    secrets: [{paths: [\"*.pem\"], action: block}]\n"));
  }
  Explained Ask(const Question& question) {
    auto explained = policies->Explain(question);
    EXPECT_TRUE(explained) << explained.error().message;
    return *std::move(explained);
  }
  ErrorCode Refused(const Question& question) {
    const auto explained = policies->Explain(question);
    EXPECT_FALSE(explained);
    return explained ? ErrorCode::kCorrupt : explained.error().code;
  }
  Question WithKey(const std::string& model) const {
    Question question;
    question.key = key_id;
    question.model = model;
    return question;
  }

  std::string key_id;
};

TEST_F(ExplainedTest, AKeyBringsItsUserTeamAndCredentials) {
  const Explained explained = Ask(WithKey("claude-opus-5"));
  EXPECT_EQ(explained.asked.user, "eve@example.com");
  EXPECT_EQ(explained.asked.team, "ml");
  EXPECT_EQ(explained.asked.provider, "anthropic");
  EXPECT_THAT(explained.asked.credentials, ElementsAre("main"));
  EXPECT_FALSE(explained.allowed);
  EXPECT_EQ(explained.aspect, "model");
  EXPECT_EQ(explained.rule, "teams.ml.models.deny[0]");
  EXPECT_EQ(explained.version, 2u);
  EXPECT_THAT(explained.sentence, HasSubstr("Ask eve"));
  EXPECT_THAT(explained.statements, Not(IsEmpty()));
}

TEST_F(ExplainedTest, WhatIsAllowedSaysWhatIsCutAndLowered) {
  Question question;
  question.user = "eve@example.com";
  question.model = "claude-sonnet-5";
  question.tools = {"Read", "Bash"};
  question.max_tokens = 64'000;
  const Explained explained = Ask(question);
  EXPECT_TRUE(explained.allowed) << explained.sentence;
  ASSERT_EQ(explained.removed_tools.size(), 1u);
  EXPECT_EQ(explained.removed_tools[0].name, "Bash");
  EXPECT_EQ(explained.removed_tools[0].rule, "teams.ml.tools.deny[0]");
  EXPECT_EQ(explained.max_tokens, 16'000);
  EXPECT_EQ(explained.max_tokens_rule, "teams.ml.max_tokens");
  EXPECT_THAT(explained.credentials, ElementsAre("main"));
}

TEST_F(ExplainedTest, WhatBecomesOfASecretIsSaidForTheFileAndTheTeam) {
  Question question = WithKey("claude-sonnet-5");
  EXPECT_EQ(Ask(question).secrets.action, "redact");
  EXPECT_EQ(Ask(question).secrets.rule, "");
  question.path = "/repo/server.pem";
  const Explained explained = Ask(question);
  EXPECT_EQ(explained.secrets.action, "block");
  EXPECT_EQ(explained.secrets.rule, "teams.ml.secrets[0]");
  EXPECT_EQ(explained.secrets.level, "team ml");
  EXPECT_THAT(explained.secrets.restore, IsEmpty());
}

TEST_F(ExplainedTest, WhatElseIsInTheWayIsNamed) {
  ASSERT_TRUE(house.directory->keys().Revoke(house.actor, key_id, "it leaked."));
  ASSERT_TRUE(policies->Freeze(house.actor, "Back at noon."));
  const Explained explained = Ask(WithKey("claude-sonnet-5"));
  EXPECT_FALSE(explained.allowed);
  EXPECT_THAT(explained.obstacles, ElementsAre("everything is frozen: Back at noon.",
                                               "the key " + key_id + " is revoked: it leaked."));
  EXPECT_EQ(explained.aspect, "");
}

TEST_F(ExplainedTest, AKeyOfOtherHostsIsInTheWay) {
  directory::KeyUpdate update;
  update.hosts = std::vector<std::string>{"build-1"};
  update.os_users = std::vector<std::string>{"1000"};
  ASSERT_TRUE(house.directory->keys().Update(house.actor, key_id, update));
  Question question = WithKey("claude-sonnet-5");
  EXPECT_EQ(Ask(question).obstacles.size(), 2u);
  question.host = "build-2";
  question.os_user = "eve";
  EXPECT_THAT(Ask(question).obstacles, ElementsAre("the key " + key_id + " is bound to other hosts",
                                                   "the key " + key_id + " is bound to other OS users"));
  question.host = "build-1";
  question.os_user_number = "1000";
  EXPECT_THAT(Ask(question).obstacles, IsEmpty());
}

TEST_F(ExplainedTest, EarlierVersionsCanBeAsked) {
  Question question = WithKey("claude-opus-5");
  question.version = 1;
  EXPECT_TRUE(Ask(question).allowed);
  question.version = 2;
  EXPECT_FALSE(Ask(question).allowed);
  question.version = 9;
  EXPECT_EQ(Refused(question), ErrorCode::kNotFound);
}

TEST_F(ExplainedTest, WhoIsNotThereIsNotFound) {
  Question by_key, by_user, by_team;
  by_key.key = "nosuchkey000";
  by_user.user = "nobody";
  by_team.team = "nobodys";
  for (const Question& question : {by_key, by_user, by_team})
    EXPECT_EQ(Refused(question), ErrorCode::kNotFound);
  Question anothers = WithKey("");
  anothers.user = "root@example.com";
  EXPECT_EQ(Refused(anothers), ErrorCode::kInvalid);
}

}  // namespace
}  // namespace postern::policies
