#include "agent/gate/judgement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/dialect/json_cursor.h"

namespace postern::gate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Everything that begins with "claude-" is allowed; the rest is what a test adds.
wire::Policy OpenPolicy() {
  wire::Policy policy;
  policy.set_format(1);
  policy.set_version(7);
  policy.set_organisation("example");
  wire::Patterns& models = *policy.mutable_defaults()->mutable_models();
  models.set_allows_listed(true);
  models.add_allow("claude-*");
  return policy;
}

policy::Compiled Compile(const wire::Policy& policy) {
  auto compiled = policy::Compiled::Compile(policy, {});
  EXPECT_TRUE(compiled) << (compiled ? "" : compiled.error().message);
  return *std::move(compiled);
}

class JudgementTest : public testing::Test {
 protected:
  // What is made of a request's body.
  Judgement Judge(std::string body, wire::Call call = wire::CALL_MESSAGES) {
    body_ = std::move(body);
    auto request = dialect::ReadMessagesRequest(body_, json_);
    EXPECT_TRUE(request);
    facts_.call = call;
    facts_.request = *std::move(request);
    compiled_.emplace(Compile(policy_));
    return JudgeByPolicy(MakeGrounds(), facts_, body_);
  }
  Grounds MakeGrounds() {
    return {.policy = *compiled_,
            .now = WallTime(std::chrono::seconds(1'800'000'000)),
            .host = "build-7",
            .os_user = 1000,
            .os_user_name = "alice",
            .provider = "anthropic",
            .credentials = credentials_};
  }
  // The body as it leaves.
  std::string Edited(const Judgement& judgement) {
    dialect::Splice splice(body_, facts_.request);
    EXPECT_FALSE(OrderEdits(judgement.ruling, splice));
    std::string edited = body_;
    edited.resize(splice.Apply(edited));
    return edited;
  }
  wire::Rules& rules() { return *policy_.mutable_defaults(); }

  dialect::JsonCursor json_;
  wire::Policy policy_ = OpenPolicy();
  std::optional<policy::Compiled> compiled_;
  ExchangeFacts facts_{
      .id = {},
      .identity = {.principal = {"alice@example.com", "ml", "example"}, .key = KeyId{"k7x2m9q4w8ab"}}};
  std::vector<std::string> credentials_ = {"main", "spare"};
  std::string body_;
};

constexpr std::string_view kTwoTools =
    R"({"model":"claude-opus-5-5","max_tokens":64000,"tools":[{"name":"Read"},{"name":"Bash"}],"messages":[]})";

TEST_F(JudgementTest, WhatIsAllowedLeavesAsItCame) {
  const Judgement judgement = Judge(std::string(kTwoTools));
  EXPECT_FALSE(judgement.refusal);
  EXPECT_EQ(judgement.ruling.policy_version, 7u);
  EXPECT_EQ(judgement.ruling.rule, "organisation.models.allow[0]");
  EXPECT_EQ(judgement.credentials, 3u);
  EXPECT_EQ(Edited(judgement), kTwoTools);
}

TEST_F(JudgementTest, ADeniedModelIsRefusedByItsRule) {
  rules().mutable_models()->add_deny("claude-opus-*");
  rules().set_message("Ask #ai-platform.");
  const Judgement judgement = Judge(std::string(kTwoTools));
  ASSERT_TRUE(judgement.refusal);
  EXPECT_EQ(judgement.refusal->reason, Reason::kPolicyModel);
  EXPECT_EQ(StatusOf(*judgement.refusal), 402);
  EXPECT_EQ(judgement.refusal->rule, "organisation.models.deny[0]");
  EXPECT_EQ(judgement.refusal->policy_version, 7u);
  EXPECT_THAT(judgement.refusal->sentence, HasSubstr("#ai-platform"));
  EXPECT_TRUE(Judge(std::string(kTwoTools), wire::CALL_COUNT_TOKENS).refusal) << "counting is judged alike";
}

TEST_F(JudgementTest, ADeniedToolIsCutOutOrRefused) {
  rules().mutable_tools()->add_deny("Bash");
  const Judgement stripped = Judge(std::string(kTwoTools));
  ASSERT_FALSE(stripped.refusal);
  EXPECT_THAT(stripped.ruling.cut_tools, ElementsAre(1u));
  EXPECT_EQ(Edited(stripped),
            R"({"model":"claude-opus-5-5","max_tokens":64000,"tools":[{"name":"Read"}],"messages":[]})");

  rules().set_on_denied_tool(wire::DENIED_TOOL_REFUSE);
  const Judgement refused = Judge(std::string(kTwoTools));
  ASSERT_TRUE(refused.refusal);
  EXPECT_EQ(refused.refusal->reason, Reason::kPolicyTool);
  EXPECT_EQ(refused.refusal->rule, "organisation.tools.deny[0]");
}

TEST_F(JudgementTest, AForcedToolThatIsDeniedIsRefused) {
  rules().mutable_tools()->add_deny("Bash");
  constexpr std::string_view kBefore =
      R"({"model":"claude-opus-5-5","tools":[{"name":"Bash"}],"tool_choice":)";
  EXPECT_TRUE(Judge(std::string(kBefore) + R"({"type":"tool","name":"Bash"}})").refusal);
  EXPECT_TRUE(Judge(std::string(kBefore) + R"({"type":"any"}})").refusal);
  EXPECT_TRUE(Judge(std::string(kBefore) + R"({"type":"something new"}})").refusal);
  const Judgement judgement = Judge(std::string(kBefore) + R"({"type":"auto"}})");
  ASSERT_FALSE(judgement.refusal);
  EXPECT_EQ(Edited(judgement), R"({"model":"claude-opus-5-5","tools":[]})");
}

TEST_F(JudgementTest, MaxTokensIsLoweredAndThinkingStaysBelow) {
  rules().set_max_tokens(2000);
  const Judgement judgement = Judge(
      R"({"model":"claude-opus-5-5","max_tokens":64000,"thinking":{"type":"enabled","budget_tokens":31999},"messages":[]})");
  ASSERT_FALSE(judgement.refusal);
  EXPECT_EQ(judgement.ruling.max_tokens, 2000);
  EXPECT_EQ(
      Edited(judgement),
      R"({"model":"claude-opus-5-5","max_tokens":2000,"thinking":{"type":"enabled","budget_tokens":1999},"messages":[]})");
}

TEST_F(JudgementTest, ThinkingThatNoLongerFitsIsRefusedWithASentence) {
  rules().set_max_tokens(1000);
  const Judgement judgement = Judge(
      R"({"model":"claude-opus-5-5","max_tokens":64000,"thinking":{"type":"enabled","budget_tokens":2000}})");
  ASSERT_FALSE(judgement.refusal);
  dialect::Splice splice(body_, facts_.request);
  const auto refusal = OrderEdits(judgement.ruling, splice);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->reason, Reason::kPolicyMaxTokens);
  EXPECT_THAT(refusal->sentence, HasSubstr("1000 tokens"));
  EXPECT_EQ(refusal->rule, judgement.ruling.max_tokens_rule);
}

TEST_F(JudgementTest, ALongContextIsRefusedInTheWordsThatMakeTheClientCompact) {
  rules().set_context_tokens(1000);
  const std::string before = R"({"model":"claude-opus-5-5","messages":[{"role":"user","content":")";
  std::string words;
  while (words.size() < 8000) words += "some words ";
  const Judgement judgement = Judge(before + words + R"("}]})");
  ASSERT_TRUE(judgement.refusal);
  EXPECT_EQ(judgement.refusal->reason, Reason::kPolicyContext);
  EXPECT_EQ(StatusOf(*judgement.refusal), 400);
  EXPECT_THAT(judgement.refusal->sentence, HasSubstr("prompt is too long"));
  EXPECT_FALSE(Judge(before + R"(short"}]})").refusal);
}

TEST_F(JudgementTest, APictureIsNotMeasuredByItsBytes) {
  rules().set_context_tokens(10'000);
  const std::string picture(400'000, 'Q');
  const std::string before =
      R"({"model":"claude-opus-5-5","messages":[{"role":"user","content":[{"type":"image","source":{"data":")";
  EXPECT_FALSE(Judge(before + picture + R"("}}]}]})").refusal);
  std::string ten = before + picture;
  for (int i = 0; i < 9; ++i) ten += R"("}},{"type":"image","source":{"data":")" + picture;
  EXPECT_TRUE(Judge(ten + R"("}}]}]})").refusal);
}

TEST_F(JudgementTest, OnlyCredentialsThatAreAllowedRemain) {
  rules().mutable_credentials()->add_deny("main");
  EXPECT_EQ(Judge(std::string(kTwoTools)).credentials, 2u);
  rules().mutable_credentials()->add_deny("spare");
  const Judgement none = Judge(std::string(kTwoTools));
  ASSERT_TRUE(none.refusal);
  EXPECT_EQ(none.refusal->reason, Reason::kPolicyCredential);
}

TEST_F(JudgementTest, HostsAndOsUsersAreTheAgentsOwn) {
  rules().mutable_hosts()->set_allows_listed(true);
  rules().mutable_hosts()->add_allow("build-*");
  rules().mutable_os_users()->set_allows_listed(true);
  rules().mutable_os_users()->add_allow("1000");
  EXPECT_FALSE(Judge(std::string(kTwoTools)).refusal);
  rules().mutable_os_users()->set_allow(0, "bob");
  EXPECT_EQ(Judge(std::string(kTwoTools)).refusal->reason, Reason::kPolicyOsUser);
  rules().mutable_hosts()->set_allow(0, "laptop-*");
  EXPECT_EQ(Judge(std::string(kTwoTools)).refusal->reason, Reason::kPolicyHost);
}

TEST_F(JudgementTest, TheListOfModelsIsWhatTheKeyMayUse) {
  rules().mutable_models()->add_deny("claude-opus-*");
  Judge(std::string(kTwoTools));
  facts_ = {.id = {}, .call = wire::CALL_MODELS, .identity = facts_.identity};
  EXPECT_FALSE(JudgeListing(MakeGrounds(), facts_));
  EXPECT_TRUE(AllowsModel(MakeGrounds(), facts_, "claude-haiku-5-5"));
  EXPECT_FALSE(AllowsModel(MakeGrounds(), facts_, "claude-opus-5-5"));
  rules().set_expires(1'700'000'000);
  compiled_.emplace(Compile(policy_));
  const auto refusal = JudgeListing(MakeGrounds(), facts_);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->reason, Reason::kPolicyExpiry);
}

TEST(RefusalRecord, NamesTheRuleAndThePolicy) {
  const std::vector<std::string> tags = {"eu"};
  const ExchangeFacts facts{
      .id = {}, .call = wire::CALL_MESSAGES, .provider = "anthropic", .residency = tags};
  const wire::Event event = RefusalEvent(facts, Caller(),
                                         {.reason = Reason::kPolicyTool,
                                          .sentence = "No.",
                                          .rule = "teams.ml.tools.deny[0]",
                                          .policy_version = 7});
  EXPECT_EQ(event.refusal().reason(), "policy_tool");
  EXPECT_EQ(event.refusal().rule(), "teams.ml.tools.deny[0]");
  EXPECT_EQ(event.refusal().policy_version(), 7u);
  EXPECT_EQ(event.refusal().provider(), "anthropic");
  EXPECT_THAT(event.refusal().residency(), ElementsAre("eu"));
}

TEST(IntentRecord, TellsWhatIsOnOfferFromWhatWasCutOut) {
  ExchangeFacts facts;
  facts.request.tools = {{"Read", ""}, {"Bash", ""}, {"", "web_search_20250305"}, {"", "web_fetch_20250910"}};
  facts.ruling = {.policy_version = 7, .rule = "r", .cut_tools = {1, 2}, .max_tokens = 2000};
  const std::vector<std::string> tags = {"eu", "gdpr"};
  facts.provider = "anthropic";
  facts.residency = tags;
  const wire::Intent intent = IntentEvent(facts, Caller(), "upstream").intent();
  EXPECT_THAT(intent.tools(), ElementsAre("Read"));
  EXPECT_THAT(intent.server_tools(), ElementsAre("web_fetch_20250910"));
  EXPECT_THAT(intent.removed_tools(), ElementsAre("Bash", "web_search_20250305"));
  EXPECT_EQ(intent.policy_version(), 7u);
  EXPECT_EQ(intent.rule(), "r");
  EXPECT_EQ(intent.lowered_max_tokens(), 2000u);
  EXPECT_EQ(intent.provider(), "anthropic");
  EXPECT_THAT(intent.residency(), ElementsAre("eu", "gdpr"));
}

}  // namespace
}  // namespace postern::gate
