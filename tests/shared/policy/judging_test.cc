#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/policy/compiled.h"
#include "shared/policy/explain.h"
#include "tests/shared/policy/allocations.h"
#include "tests/shared/policy/policy_text.h"

namespace postern::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Facts Asking(std::string_view model) {
  Facts facts;
  facts.time = kNoon;
  facts.team = "ml";
  facts.user = "alice@example.com";
  facts.key = "k7x2m9q4w8ab";
  facts.host = "build-7";
  facts.os_user = "alice";
  facts.os_user_number = "1000";
  facts.provider = "anthropic";
  facts.model = model;
  return facts;
}

// "allowed by RULE", or "ASPECT by RULE".
std::string Judged(const Compiled& policy, const Facts& facts) {
  const Verdict verdict = policy.Judge(facts);
  return (verdict.allowed() ? "allowed" : std::string(Name(verdict.aspect))) + " by " +
         std::string(verdict.rule);
}

std::string Judged(const std::string& policy, const Facts& facts) {
  return Judged(CompiledOf(policy, SmallCatalogue()), facts);
}

std::vector<std::string> Cut(const std::string& policy, const std::vector<Tool>& tools) {
  Facts facts = Asking("claude-opus-5-5");
  facts.tools = tools;
  const Compiled compiled = CompiledOf("  models: {allow: [\"*\"]}\n" + policy, SmallCatalogue());
  const Verdict verdict = compiled.Judge(facts);
  std::vector<std::string> cut;
  for (const CutTool& tool : verdict.cut_tools)
    cut.push_back(std::string(tools[tool.index].name) + " " + std::string(tool.rule));
  if (!verdict.allowed()) cut.push_back(std::string(Name(verdict.aspect)) + " " + std::string(verdict.rule));
  return cut;
}

// ── models ─────────────────────────────────────────────────────────────────────────────────────────────────

TEST(Judge, NoModelIsAllowedUnlessARuleSaysSo) {
  EXPECT_EQ(Judged("", Asking("claude-opus-5-5")), "model by organisation.models.allow");
  EXPECT_EQ(Judged("  models: {allow: []}\n", Asking("claude-opus-5-5")),
            "model by organisation.models.allow");
  EXPECT_EQ(Judged("  models: {allow: [\"claude-*\"]}\n", Asking("claude-opus-5-5")),
            "allowed by organisation.models.allow[0]");
  // A team can't give what the organisation hasn't.
  EXPECT_EQ(Judged("teams: {ml: {models: {allow: [\"*\"]}}}\n", Asking("claude-opus-5-5")),
            "model by organisation.models.allow");
}

TEST(Judge, EachLevelNarrows) {
  const std::string policy =
      "  models: {allow: [\"claude-*\"]}\n"
      "teams: {ml: {models: {allow: [claude-opus-5-5, claude-sonnet-5-5, gpt-9]}}}\n"
      "users: {alice@example.com: {models: {allow: [claude-sonnet-5-5]}}}\n";
  EXPECT_EQ(Judged(policy, Asking("claude-sonnet-5-5")),
            "allowed by users.alice@example.com.models.allow[0]");
  EXPECT_EQ(Judged(policy, Asking("claude-opus-5-5")), "model by users.alice@example.com.models.allow");
  Facts bob = Asking("claude-opus-5-5");
  bob.user = "bob@example.com";
  EXPECT_EQ(Judged(policy, bob), "allowed by teams.ml.models.allow[0]");
  bob.model = "gpt-9";
  EXPECT_EQ(Judged(policy, bob), "model by organisation.models.allow");
  bob.team = "sales";
  bob.model = "claude-haiku-4-5";
  EXPECT_EQ(Judged(policy, bob), "allowed by organisation.models.allow[0]");
}

TEST(Judge, ALevelAddsOnlyWhereOneAboveLetsIt) {
  const std::string policy =
      "  models: {allow: [claude-sonnet-5-5], deny: [claude-opus-4-1]}\n  may_widen: [models]\n"
      "teams: {ml: {models: {allow: [claude-opus-5-5, claude-opus-4-1]}}}\n";
  EXPECT_EQ(Judged(policy, Asking("claude-opus-5-5")), "allowed by teams.ml.models.allow[0]");
  EXPECT_EQ(Judged(policy, Asking("claude-sonnet-5-5")), "model by teams.ml.models.allow");
  EXPECT_EQ(Judged(policy, Asking("claude-opus-4-1")), "model by organisation.models.deny[0]");
  // Its own word is for those below it.
  EXPECT_EQ(
      Judged(
          "  models: {allow: []}\nteams: {ml: {may_widen: [models], models: {allow: [claude-opus-5-5]}}}\n",
          Asking("claude-opus-5-5")),
      "model by organisation.models.allow");
}

TEST(Judge, ADenyOfAnyLevelStands) {
  const std::string policy =
      "  models: {allow: [\"*\"]}\n"
      "teams: {ml: {models: {deny: [gpt-9, \"*-opus-*\"]}, teams: {vision: {models: {allow: "
      "[claude-opus-5-5]}}}}}\n";
  Facts facts = Asking("claude-opus-5-5");
  facts.team = "vision";
  EXPECT_EQ(Judged(policy, facts), "model by teams.ml.models.deny[1]");
}

TEST(Judge, WhoIsInSeveralGroupsHasTheRulesOfAll) {
  const std::string policy =
      "  models: {allow: [\"*\"]}\n"
      "groups:\n"
      "  a: {users: [alice@example.com], models: {allow: [claude-opus-5-5, claude-sonnet-5-5]}}\n"
      "  b: {users: [bob@example.com, alice@example.com], models: {allow: [claude-sonnet-5-5]}}\n";
  EXPECT_EQ(Judged(policy, Asking("claude-sonnet-5-5")), "allowed by groups.b.models.allow[0]");
  EXPECT_EQ(Judged(policy, Asking("claude-opus-5-5")), "model by groups.b.models.allow");
}

TEST(Judge, AnotherNameOfADeniedModelIsNoWayAround) {
  const Compiled by_id = CompiledOf(
      "  models: {allow: [\"*\"], deny: [claude-opus-4-1, claude-haiku-4-5-20251001, claude-mythos-5]}\n",
      SmallCatalogue());
  for (const char* name :
       {"claude-opus-4-1", "claude-opus-4", "claude-opus-4-0", "claude-opus-4-1-20250805",
        "claude-opus-4-1@20250805", "claude-opus-4-1[1m]", "us.anthropic.claude-opus-4-1-20250805-v1:0",
        "anthropic.claude-opus-4-1-v1:0", "CLAUDE-OPUS-4-1", "Claude-Opus-4-1[1M]", "claude-opus-4-1-latest",
        "claude-opus-4-1@default", "claude-haiku-4-5", "claude-haiku-4-5-20260101", "claude-fable-5",
        "claude-mythos-5",
        "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-4-1-20250805-v1:0"})
    EXPECT_THAT(Judged(by_id, Asking(name)), HasSubstr("model by organisation.models.deny[")) << name;
  EXPECT_EQ(Judged(by_id, Asking("claude-opus-5-5")), "allowed by organisation.models.allow[0]");
}

TEST(Judge, OddNamesAreRefused) {
  const Compiled all = CompiledOf("  models: {allow: [\"*\"]}\n", SmallCatalogue());
  for (const char* name : {"", " ", "claude-opus-5-5 ", "claude-\xd0\xbepus-5-5", "claude-*", "claude\t",
                           "claude-opus-5-\xef\xbc\x95"})
    EXPECT_EQ(Judged(all, Asking(name)), "model by organisation.models.allow") << name;
  EXPECT_EQ(Judged(all, Asking(std::string(257, 'a'))), "model by organisation.models.allow");
}

TEST(Judge, ARuleThatAllowsMeansItsLetters) {
  const Compiled some =
      CompiledOf("  models: {allow: [claude-opus-5-5, claude-haiku-4-5-20251001]}\n", SmallCatalogue());
  EXPECT_EQ(Judged(some, Asking("claude-opus-5-5[1m]")), "allowed by organisation.models.allow[0]");
  EXPECT_EQ(Judged(some, Asking("eu.anthropic.claude-opus-5-5-v1:0")),
            "allowed by organisation.models.allow[0]");
  EXPECT_EQ(Judged(some, Asking("Claude-Opus-5-5")), "model by organisation.models.allow");
  EXPECT_EQ(Judged(some, Asking("claude-haiku-4-5")), "model by organisation.models.allow");
}

TEST(Judge, TheListOfModelsIsJudgedAsTheirUseIs) {
  const Compiled policy =
      CompiledOf("  models: {allow: [\"claude-*\"], deny: [claude-opus-4-1]}\n", SmallCatalogue());
  Facts facts = Asking("");
  facts.call = Call::kListModels;
  EXPECT_TRUE(policy.Judge(facts).allowed());
  EXPECT_TRUE(policy.AllowsModel(facts, "claude-opus-5-5"));
  EXPECT_FALSE(policy.AllowsModel(facts, "claude-opus-4-1"));
  EXPECT_FALSE(policy.AllowsModel(facts, "gpt-9"));
  EXPECT_FALSE(policy.AllowsModel(facts, "claude-*"));
}

// ── tools ──────────────────────────────────────────────────────────────────────────────────────────────────

TEST(Judge, DeniedToolsAreCut) {
  EXPECT_THAT(Cut("  tools: {deny: [Bash, \"mcp__git__*\", \"type:web_search_*\"]}\n",
                  {{"Read", ""},
                   {"Bash", ""},
                   {"mcp__git__push", "custom"},
                   {"web_search", "web_search_20250305"},
                   {"bash", "bash_20250124"}}),
              ElementsAre("Bash organisation.tools.deny[0]", "mcp__git__push organisation.tools.deny[1]",
                          "web_search organisation.tools.deny[2]", "bash organisation.tools.deny[0]"));
}

TEST(Judge, AListOfToolsLeavesOutWhatTheProviderRuns) {
  const std::vector<Tool> tools = {{"Read", ""},
                                   {"web_search", "web_search_20250305"},
                                   {"Read", "unheard_of_20990101"},
                                   {"Bash", "bash_20250124"}};
  EXPECT_THAT(Cut("  tools: {allow: [\"*\"]}\n", tools),
              ElementsAre("web_search organisation.tools.allow", "Read organisation.tools.allow"));
  EXPECT_THAT(Cut("  tools: {allow: [Read, \"type:*\"]}\n", tools), ElementsAre());
  EXPECT_THAT(Cut("  tools: {allow: [Read, \"type:web_*\"]}\n", tools),
              ElementsAre("Read organisation.tools.allow", "Bash organisation.tools.allow"));
  EXPECT_THAT(Cut("", tools), ElementsAre());
}

TEST(Judge, AToolOfAnOddNameIsCutWhereRulesSpeakOfTools) {
  const std::vector<Tool> tools = {{"BASH", ""}, {"Bash ", ""}, {"B\xd0\xb0sh", ""}, {"", ""}, {"Ba?h", ""}};
  EXPECT_EQ(Cut("  tools: {deny: [Bash]}\n", tools).size(), 5U);
  EXPECT_EQ(Cut("", tools).size(), 0U);
}

TEST(Judge, ADeniedToolRefusesWhereItsLevelSaysSo) {
  const std::vector<Tool> tools = {{"WebFetch", ""}, {"Bash", ""}};
  const std::string policy =
      "  tools: {deny: [Bash]}\n  on_denied_tool: refuse\n"
      "teams: {ml: {tools: {deny: [WebFetch]}, on_denied_tool: strip}}\n";
  // The team's word is for its own rules, the organisation's stands.
  EXPECT_THAT(Cut(policy, tools), ElementsAre("tool organisation.tools.deny[0]"));
  EXPECT_THAT(Cut(policy, {{"WebFetch", ""}}), ElementsAre("WebFetch teams.ml.tools.deny[0]"));
  EXPECT_THAT(Cut("  on_denied_tool: refuse\nteams: {ml: {tools: {deny: [Bash]}}}\n", tools),
              ElementsAre("tool teams.ml.tools.deny[0]"));
}

TEST(Judge, WhatARequestInsistsOnMustBeLeft) {
  const Compiled policy =
      CompiledOf("  models: {allow: [\"*\"]}\n  tools: {deny: [Bash, Write]}\n", SmallCatalogue());
  const std::vector<Tool> tools = {{"Bash", ""}, {"Read", ""}};
  Facts facts = Asking("claude-opus-5-5");
  facts.tools = tools;
  facts.tool_choice = ToolChoice::kAny;
  EXPECT_TRUE(policy.Judge(facts).allowed());
  facts.tools = std::span(tools).first(1);
  EXPECT_EQ(Judged(policy, facts), "tool by organisation.tools.deny[0]");
  facts.tool_choice = ToolChoice::kNamed;
  facts.forced_tool = "Bash";
  EXPECT_EQ(Judged(policy, facts), "tool by organisation.tools.deny[0]");
  facts.tools = tools;
  facts.forced_tool = "Read";
  EXPECT_TRUE(policy.Judge(facts).allowed());
  facts.forced_tool = "Write";  // which it doesn't bring
  EXPECT_EQ(Judged(policy, facts), "tool by organisation.tools.deny[1]");
}

TEST(Judge, McpServersOfTheProviderAreDeniedWithAnyMcpTool) {
  const std::vector<Tool> toolset = {{"", "mcp_toolset"}};
  EXPECT_THAT(Cut("  tools: {deny: [\"mcp__git__push\"]}\n", toolset),
              ElementsAre("mcp_servers organisation.tools.deny[0]"));
  EXPECT_THAT(Cut("  tools: {deny: [\"*\"]}\n", toolset),
              ElementsAre("mcp_servers organisation.tools.deny[0]"));
  EXPECT_THAT(Cut("  tools: {deny: [\"type:mcp_*\"]}\n", toolset),
              ElementsAre("mcp_servers organisation.tools.deny[0]"));
  EXPECT_THAT(Cut("  tools: {allow: [\"*\"]}\n", toolset),
              ElementsAre("mcp_servers organisation.tools.allow"));
  EXPECT_THAT(Cut("  tools: {allow: [\"type:mcp_toolset\"]}\n", toolset), ElementsAre());
  EXPECT_THAT(Cut("  tools: {deny: [Bash]}\n", toolset), ElementsAre());
  Facts facts = Asking("claude-opus-5-5");
  facts.mcp_servers = 1;
  EXPECT_EQ(Judged("  models: {allow: [\"*\"]}\n  tools: {deny: [\"mcp__*\"]}\n", facts),
            "mcp_servers by organisation.tools.deny[0]");
}

// ── where, when, by what ───────────────────────────────────────────────────────────────────────────────────

const std::string kAll = "  models: {allow: [\"*\"]}\n";

TEST(Judge, HostsAndOsUsers) {
  Facts facts = Asking("claude-opus-5-5");
  EXPECT_EQ(Judged(kAll + "  hosts: {allow: [\"BUILD-?\"]}\n", facts),
            "allowed by organisation.models.allow[0]");
  EXPECT_EQ(Judged(kAll + "keys: {k7x2m9q4w8ab: {hosts: {allow: [ci-1]}}}\n", facts),
            "host by keys.k7x2m9q4w8ab.hosts.allow");
  EXPECT_EQ(Judged(kAll + "  os_users: {allow: [\"1000\"]}\n", facts),
            "allowed by organisation.models.allow[0]");
  EXPECT_EQ(Judged(kAll + "  os_users: {deny: [\"1000\"]}\n", facts),
            "os_user by organisation.os_users.deny[0]");
  EXPECT_EQ(Judged(kAll + "  os_users: {deny: [Alice]}\n", facts),
            "os_user by organisation.os_users.deny[0]");
  facts.os_user = facts.os_user_number = "";
  EXPECT_EQ(Judged(kAll + "  os_users: {deny: [root]}\n", facts), "os_user by organisation.os_users.deny");
  EXPECT_EQ(Judged(kAll, facts), "allowed by organisation.models.allow[0]");
}

TEST(Judge, ProvidersResidencyAndCredentials) {
  Facts facts = Asking("claude-opus-5-5");
  EXPECT_EQ(Judged(kAll + "  providers: {allow: [bedrock]}\n", facts),
            "provider by organisation.providers.allow");
  const std::string resident = kAll + "  residency: [eu]\nteams: {ml: {residency: [gdpr]}}\n";
  EXPECT_EQ(Judged(resident, facts), "residency by organisation.residency[0]");
  const std::vector<std::string> tags = {"eu", "us"};
  facts.residency = tags;
  EXPECT_EQ(Judged(resident, facts), "residency by teams.ml.residency[0]");
  facts.residency = {};
  const std::vector<std::string> credentials = {"main", "batch-1", std::string(kOwnCredential)};
  facts.credentials = credentials;
  const Compiled policy = CompiledOf(kAll + "  credentials: {deny: [main, agent.yaml]}\n", SmallCatalogue());
  EXPECT_EQ(policy.Judge(facts).credentials, 0b010U);
  facts.credentials = std::span(credentials).first(1);
  EXPECT_EQ(Judged(policy, facts), "credential by organisation.credentials.deny[0]");
  facts.credentials = {};
  EXPECT_TRUE(policy.Judge(facts).allowed());
}

TEST(Judge, HoursAreOfTheClockOnTheWall) {
  const Compiled policy = CompiledOf(
      "  time_zone: Europe/Berlin\n" + kAll + "  hours: [\"sun 02:00-03:00\", \"mon 08:00-18:00\"]\n",
      SmallCatalogue());
  const auto at = [&](const char* time) {
    Facts facts = Asking("claude-opus-5-5");
    facts.time = *ParseRfc3339(time);
    return policy.Judge(facts).allowed();
  };
  EXPECT_TRUE(at("2026-11-23T07:00:00Z"));
  EXPECT_FALSE(at("2026-11-23T06:59:59Z"));
  EXPECT_TRUE(at("2026-11-23T16:59:59Z"));
  EXPECT_FALSE(at("2026-11-23T17:00:00Z"));
  // On 31 October 2027 the hour comes twice, on 28 March not at all.
  EXPECT_TRUE(at("2027-10-31T00:30:00Z"));
  EXPECT_TRUE(at("2027-10-31T01:30:00Z"));
  EXPECT_FALSE(at("2027-10-31T02:00:00Z"));
  EXPECT_FALSE(at("2027-03-28T00:59:59Z"));
  EXPECT_FALSE(at("2027-03-28T01:00:00Z"));
  EXPECT_FALSE(at("2060-11-22T07:00:00Z"));
}

TEST(Judge, ExpiryOfAnyLevelEndsItAll) {
  Facts facts = Asking("claude-opus-5-5");
  const std::string policy = "  time_zone: Europe/Berlin\n" + kAll +
                             "groups: {c: {users: [alice@example.com], expires: 2026-12-01}}\n";
  EXPECT_EQ(Judged(policy, facts), "allowed by organisation.models.allow[0]");
  facts.time = *ParseRfc3339("2026-11-30T22:59:59Z");
  EXPECT_EQ(Judged(policy, facts), "allowed by organisation.models.allow[0]");
  facts.time = *ParseRfc3339("2026-11-30T23:00:00Z");
  EXPECT_EQ(Judged(policy, facts), "expiry by groups.c.expires");
}

TEST(Judge, TheLeastCapCounts) {
  const Compiled policy = CompiledOf(kAll +
                                         "  max_tokens: 1000\n  context_tokens: 5000\nteams: {ml: "
                                         "{max_tokens: 500, context_tokens: 9000}}\n",
                                     SmallCatalogue());
  Facts facts = Asking("claude-opus-5-5");
  facts.max_tokens = 500;
  EXPECT_EQ(policy.Judge(facts).max_tokens, 0);
  facts.max_tokens = 2000;
  EXPECT_EQ(policy.Judge(facts).max_tokens, 500);
  EXPECT_EQ(policy.Judge(facts).max_tokens_rule, "teams.ml.max_tokens");
  facts.context_tokens = 5001;
  EXPECT_EQ(Judged(policy, facts), "context_tokens by organisation.context_tokens");
  EXPECT_THAT(policy.Judge(facts).sentence, HasSubstr("prompt is too long: 5001 tokens > 5000 maximum"));
  // The client must be able to learn how long it is.
  facts.call = Call::kCountTokens;
  EXPECT_TRUE(policy.Judge(facts).allowed());
}

TEST(Judge, ACapThatRefusesDoesSoWhereALowerOneWouldLower) {
  Facts facts = Asking("claude-opus-5-5");
  facts.max_tokens = 2000;
  const std::string policy =
      kAll + "  max_tokens: 1000\n  on_exceed: refuse\nteams: {ml: {max_tokens: 500, on_exceed: lower}}\n";
  EXPECT_EQ(Judged(policy, facts), "max_tokens by organisation.max_tokens");
  facts.max_tokens = 800;
  EXPECT_EQ(Judged(policy, facts), "allowed by organisation.models.allow[0]");
}

// ── words ──────────────────────────────────────────────────────────────────────────────────────────────────

TEST(Sentences, SayWhatWhoseRuleAndWhomToAsk) {
  const auto sentence = [](const std::string& policy, const Facts& facts) {
    return CompiledOf(policy, SmallCatalogue()).Judge(facts).sentence;
  };
  Facts facts = Asking("claude-opus-5-5");
  EXPECT_EQ(sentence(kAll + "  message: ask the admins\nteams: {ml: {models: {deny: [claude-opus-5-5]}, "
                            "message: \"ask #ml\"}}\n",
                     facts),
            "The model claude-opus-5-5 is not allowed: the policy of team ml denies it (rule "
            "teams.ml.models.deny[0]). Ask #ml.");
  EXPECT_EQ(sentence(kAll + "  message: Ask the admins!\nteams: {ml: {models: {allow: [x]}}}\n", facts),
            "The model claude-opus-5-5 is not allowed: it is not among those that the policy of team ml "
            "allows (rule "
            "teams.ml.models.allow). Ask the admins!");
  EXPECT_EQ(sentence("", facts),
            "The model claude-opus-5-5 is not allowed: nothing in your organisation's policy allows it (rule "
            "organisation.models.allow). Ask your administrator.");
  EXPECT_EQ(sentence("  time_zone: Europe/Berlin\n" + kAll + "  hours: [\"mon-fri 14:00-18:00\"]\n", facts),
            "Outside of the hours that your organisation's policy allows; they begin again on Monday 23 "
            "November 2026 14:00 "
            "(Europe/Berlin) (rule organisation.hours). Ask your administrator.");
  const std::vector<Tool> tools = {{"Bash", ""}};
  facts.tools = tools;
  EXPECT_EQ(
      sentence(kAll + "users: {alice@example.com: {tools: {deny: [Bash]}, on_denied_tool: refuse}}\n", facts),
      "The tool Bash is not allowed: the policy for you denies it (rule "
      "users.alice@example.com.tools.deny[0]). Ask your "
      "administrator.");
}

TEST(Sentences, NameNobodyElse) {
  const std::string policy =
      kAll +
      "groups: {c: {users: [bob@example.com, alice@example.com], models: {deny: [\"*\"]}}}\n"
      "users: {bob@example.com: {message: \"ask carol\"}}\n";
  EXPECT_THAT(CompiledOf(policy, SmallCatalogue()).Judge(Asking("claude-opus-5-5")).sentence,
              AllOf(HasSubstr("groups.c.models.deny[0]"), Not(HasSubstr("bob")), Not(HasSubstr("carol"))));
}

TEST(Explain, TellsEveryLevelsWordInOrder) {
  const Compiled policy = CompiledOf(
      "  models: {allow: [claude-sonnet-5-5]}\n  may_widen: [models]\n"
      "teams: {ml: {models: {allow: [claude-opus-5-5]}}}\n"
      "users: {alice@example.com: {models: {deny: [\"*opus*\"]}}}\n",
      SmallCatalogue());
  const Explanation explanation = Explain(policy, Asking("claude-opus-5-5"));
  std::vector<std::string> said;
  for (const Statement& statement : explanation.statements)
    said.push_back(statement.level + " " + Name(statement.word) + " " + statement.rule);
  EXPECT_THAT(said, ElementsAre("organisation narrows organisation.models.allow",
                                "team ml widens teams.ml.models.allow[0]",
                                "user alice@example.com denies users.alice@example.com.models.deny[0]"));
  EXPECT_EQ(explanation.verdict.rule, "users.alice@example.com.models.deny[0]");
}

TEST(Judge, AllocatesNothingWhereItAllows) {
  const Compiled policy = CompiledOf(kAll +
                                         "  tools: {deny: [\"mcp__*\"]}\n  hosts: {allow: "
                                         "[\"build-*\"]}\nteams: {ml: {hours: [\"daily 00:00-24:00\"]}}\n",
                                     SmallCatalogue());
  const std::vector<Tool> tools = {{"Read", ""}, {"Bash", ""}, {"web_search", "web_search_20250305"}};
  const std::vector<std::string> credentials = {"main"};
  Facts facts = Asking("claude-haiku-4-5-20251001");
  facts.tools = tools;
  facts.credentials = credentials;
  facts.max_tokens = 32'000;
  const size_t before = Allocations();
  const bool allowed = policy.Judge(facts).allowed();
  const size_t after = Allocations();
  EXPECT_TRUE(allowed);
  EXPECT_EQ(after - before, 0U);
}

}  // namespace
}  // namespace postern::policy
