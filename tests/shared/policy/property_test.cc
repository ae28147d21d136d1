// Random policies and exchanges: the compiled policy and the plain evaluation must say the same, to the rule.
#include <cstdlib>
#include <ctime>
#include <random>

#include <gtest/gtest.h>

#include "shared/policy/compiled.h"
#include "shared/policy/zone.h"
#include "tests/shared/policy/evaluator.h"
#include "tests/shared/policy/policy_text.h"

namespace postern::policy {
namespace {

using Words = std::vector<std::string>;

const Words kModels = {"claude-opus-5-5",
                       "claude-opus-4-1",
                       "claude-opus-4",
                       "claude-haiku-4-5-20251001",
                       "claude-haiku-4-5",
                       "claude-*",
                       "*",
                       "*-5-5",
                       "claude-?aiku-*",
                       "*opus*",
                       "claude-mythos-5",
                       "claude-fable-5",
                       "us.anthropic.*",
                       "Claude-Opus-5-5",
                       "gpt-9",
                       "claude-opus-4-1-20250805"};
const Words kAsked = {"claude-opus-5-5",
                      "claude-opus-4-1",
                      "claude-opus-4-0",
                      "claude-haiku-4-5-20251001",
                      "claude-haiku-4-5@20251001",
                      "claude-opus-5-5[1m]",
                      "CLAUDE-OPUS-5-5",
                      "claude-opus-5-5-20260922",
                      "us.anthropic.claude-opus-4-1-20250805-v1:0",
                      "claude-mythos-5",
                      "claude-fable-5-latest",
                      "gpt-9",
                      "claude-sonnet-5-5",
                      "claude-opus-5-5 ",
                      "",
                      "claude-*",
                      "claude-hаiku-4-5"};
const Words kTools = {"Bash",        "bash",
                      "Read",        "mcp__*",
                      "mcp__git__*", "mcp__git__push",
                      "*",           "Web*",
                      "type:*",      "type:web_search_*",
                      "type:bash_*", "type:mcp_toolset",
                      "*__push",     "???d"};
const Words kToolNames = {"Bash",     "BASH", "Read",       "mcp__git__push", "mcp__git__pull",
                          "WebFetch", "",     "web_search", "Bash ",          "Bаsh"};
const Words kToolTypes = {"",
                          "",
                          "",
                          "custom",
                          "web_search_20250305",
                          "bash_20250124",
                          "unheard_of_1",
                          "mcp_toolset",
                          "Web_Search_20250305"};
const Words kPlain = {"main",    "batch-1", "batch-*", "*",    "agent.yaml", "anthropic",
                      "build-*", "root",    "0",       "1000", "Build-7"};
const Words kPlainNames = {"main",    "batch-1", "batch-2", "agent.yaml", "anthropic", "build-7",
                           "BUILD-7", "root",    "0",       "1000",       "",          "al ice"};
const Words kTags = {"eu", "us"};
const Words kKinds = {"models", "providers", "credentials", "tools", "hosts", "os_users"};
const Words kTeams = {"a", "b", "c", "d"};
const Words kUsers = {"alice", "bob", "carol"};

class Dice {
 public:
  explicit Dice(uint32_t seed) : random_(seed) {}
  size_t Below(size_t end) { return random_() % end; }
  bool One(size_t of) { return Below(of) == 0; }
  const std::string& Of(const Words& words) { return words[Below(words.size())]; }

 private:
  std::mt19937 random_;
};

void Fill(Dice& dice, const Words& words, wire::Patterns& patterns) {
  if (!dice.One(3)) return;
  if (!dice.One(3)) {
    patterns.set_allows_listed(true);
    for (size_t i = dice.Below(6); i > 0; --i) patterns.add_allow(dice.Of(words));
  }
  if (dice.One(3)) {
    for (size_t i = dice.Below(3); i > 0; --i) patterns.add_deny(dice.Of(words));
  }
}

void Fill(Dice& dice, wire::Rules& rules) {
  Fill(dice, kModels, *rules.mutable_models());
  Fill(dice, kTools, *rules.mutable_tools());
  for (auto* patterns : {rules.mutable_providers(), rules.mutable_credentials(), rules.mutable_hosts(),
                         rules.mutable_os_users()}) {
    if (dice.One(3)) Fill(dice, kPlain, *patterns);
  }
  for (size_t i = dice.One(2) ? dice.Below(4) : 0; i > 0; --i) rules.add_may_widen(dice.Of(kKinds));
  if (dice.One(20)) rules.add_residency(dice.Of(kTags));
  if (dice.One(8)) rules.set_context_tokens(1 + dice.Below(5));
  if (dice.One(6)) rules.set_max_tokens(1 + dice.Below(5));
  rules.set_on_max_tokens(static_cast<wire::MaxTokensExceeded>(dice.One(3) ? dice.Below(3) : 0));
  rules.set_on_denied_tool(static_cast<wire::DeniedTool>(dice.One(3) ? dice.Below(3) : 0));
  if (dice.One(15)) rules.set_expires(1'795'435'200 + static_cast<int64_t>(dice.Below(700)) * 86'400);
  if (dice.One(15)) {
    rules.set_hours_listed(true);
    for (size_t i = dice.Below(8); i > 0; --i) {
      wire::Hours& hours = *rules.add_hours();
      hours.set_begin(static_cast<uint32_t>(dice.Below(kMinutesOfWeek)));
      hours.set_end(
          hours.begin() + 1 +
          static_cast<uint32_t>(dice.Below(std::min<size_t>(5000, kMinutesOfWeek - hours.begin()))));
    }
  }
}

wire::Policy RandomPolicy(Dice& dice, const wire::TimeZone& zone) {
  wire::Policy policy;
  policy.set_format(1);
  policy.set_version(3);
  *policy.mutable_time_zone() = zone;
  Fill(dice, *policy.mutable_defaults());
  // Mostly a sensible organisation, so that more than refusals are compared.
  if (!dice.One(4)) policy.mutable_defaults()->mutable_models()->add_allow("*");
  for (size_t i = 0; i < kTeams.size(); ++i) {
    if (dice.One(4)) continue;
    wire::PolicyTeam& team = *policy.add_teams();
    team.set_id(kTeams[i]);
    if (policy.teams_size() > 1 && !dice.One(3))
      team.set_parent(
          policy.teams(static_cast<int>(dice.Below(static_cast<size_t>(policy.teams_size() - 1)))).id());
    Fill(dice, *team.mutable_rules());
  }
  for (const char* id : {"g1", "g2", "g3"}) {
    if (dice.One(2)) continue;
    wire::PolicyGroup& group = *policy.add_groups();
    group.set_id(id);
    for (size_t i = dice.Below(4); i > 0; --i) group.add_users(dice.Of(kUsers));
    Fill(dice, *group.mutable_rules());
  }
  for (const std::string& id : kUsers) {
    if (dice.One(2)) continue;
    policy.add_users()->set_id(id);
    Fill(dice, *policy.mutable_users()->rbegin()->mutable_rules());
  }
  if (dice.One(2)) {
    policy.add_keys()->set_id("k1");
    Fill(dice, *policy.mutable_keys()->rbegin()->mutable_rules());
  }
  return policy;
}

struct Exchange {
  Words residency, credentials;
  std::vector<Tool> tools;
  Facts facts;
};

// Texts are borrowed from the words above.
void Draw(Dice& dice, Exchange& exchange) {
  Facts& facts = exchange.facts;
  facts.call = static_cast<Call>(dice.One(3) ? dice.Below(3) : 0);
  // Often within some hours of one of 2027's changes of the clock.
  const int64_t around = dice.One(2) ? 1'806'195'600 + (dice.One(2) ? 0 : 18'748'800)
                                     : 1'795'435'200 + static_cast<int64_t>(dice.Below(60'000'000));
  facts.time = WallTime(std::chrono::seconds(around - 7200 + static_cast<int64_t>(dice.Below(14'400))));
  facts.team = dice.One(6) ? std::string_view("z") : std::string_view(dice.Of(kTeams));
  facts.user = dice.Of(kUsers);
  facts.key = dice.One(2) ? "k1" : "";
  facts.host = dice.Of(kPlainNames);
  facts.os_user = dice.Of(kPlainNames);
  facts.os_user_number = dice.One(2) ? "1000" : "";
  facts.provider = dice.Of(kPlainNames);
  for (const std::string& tag : kTags) {
    if (!dice.One(4)) exchange.residency.push_back(tag);
  }
  for (size_t i = dice.Below(4); i > 0; --i) exchange.credentials.push_back(dice.Of(kPlainNames));
  for (size_t i = dice.Below(6); i > 0; --i)
    exchange.tools.push_back({dice.Of(kToolNames), dice.Of(kToolTypes)});
  facts.residency = exchange.residency;
  facts.credentials = exchange.credentials;
  facts.tools = exchange.tools;
  facts.model = dice.Of(kAsked);
  facts.tool_choice = static_cast<ToolChoice>(dice.One(3) ? dice.Below(3) : 0);
  facts.forced_tool = dice.Of(kToolNames);
  facts.mcp_servers = dice.One(8) ? 1 : 0;
  facts.context_tokens = static_cast<int64_t>(dice.Below(5));
  if (!dice.One(3)) facts.max_tokens = static_cast<int64_t>(dice.Below(6));
}

TEST(Policy, JudgesRandomExchangesAsAPlainReadingOfTheRulesDoes) {
  ::setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
  ::tzset();
  const auto zone = ReadZone(BerlinFile(), "Europe/Berlin", kNoon);
  ASSERT_TRUE(zone) << zone.error().message;
  std::map<std::string, int> seen;
  for (uint32_t seed = 1; seed <= 1500; ++seed) {
    Dice dice(seed);
    const wire::Policy policy = RandomPolicy(dice, *zone);
    const auto compiled = Compiled::Compile(policy, SmallCatalogue());
    ASSERT_TRUE(compiled) << compiled.error().message;
    for (int i = 0; i < 20; ++i) {
      Exchange exchange;
      Draw(dice, exchange);
      const Verdict verdict = compiled->Judge(exchange.facts);
      const PlainVerdict plain = EvaluatePlainly(policy, SmallCatalogue(), exchange.facts);
      ASSERT_EQ(Describe(PlainOf(verdict)), Describe(plain))
          << "seed " << seed << ", exchange " << i << ", model " << exchange.facts.model << ", team "
          << exchange.facts.team;
      ASSERT_EQ(verdict.sentence.empty(), verdict.allowed());
      ++seen[plain.allowed ? (plain.cut_tools.empty() ? "allowed" : "cut") : plain.aspect];
    }
  }
  // Or the dice would show nothing.
  for (const char* what : {"allowed", "cut", "expiry", "hours", "host", "os_user", "provider", "residency",
                           "credential", "model", "mcp_servers", "tool", "context_tokens", "max_tokens"})
    EXPECT_GT(seen[what], 20) << what;
}

}  // namespace
}  // namespace postern::policy
