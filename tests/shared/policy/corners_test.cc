// Random policies as in property_test.cc, of the shapes for which a policy is made quick: teams within teams
// to the deepest, patterns that begin and end alike, letters of either case, names of every length. The
// compiled policy and the plain evaluation must say the same, to the rule.
#include <random>

#include <gtest/gtest.h>

#include "shared/policy/compiled.h"
#include "shared/policy/limits.h"
#include "tests/shared/policy/evaluator.h"
#include "tests/shared/policy/policy_text.h"

namespace postern::policy {
namespace {

using Words = std::vector<std::string>;

const Words kToolPatterns = {"Bash",
                             "bash",
                             "B*",
                             "b*h",
                             "*h",
                             "*H",
                             "BASH",
                             "mcp__*",
                             "mcp__g*",
                             "mcp__git__*",
                             "MCP__GIT__*",
                             "mcp__git__p*",
                             "mcp__git__push",
                             "Mcp__Git__Push",
                             "*__push",
                             "*_push",
                             "*t__push",
                             "*",
                             "?ash",
                             "*mcp*",
                             "abcdefgh",
                             "abcdefghi",
                             "abcdefgh*",
                             "*cdefghi",
                             "type:*",
                             "type:web_search_*",
                             "type:Web_Search_*",
                             "type:*_20250305",
                             "type:bash_20250124",
                             "type:MCP_toolset"};
const Words kToolNames = {"Bash",
                          "bash",
                          "BASH",
                          "bASh",
                          "Bas",
                          "mcp__git__push",
                          "mcp__git__pull",
                          "Mcp__Git__Push",
                          "mcp__g",
                          "mcp__",
                          "mcp_",
                          "m",
                          "push",
                          "t__push",
                          "abcdefg",
                          "abcdefgh",
                          "abcdefghi",
                          "ABCDEFGHI",
                          std::string(kMostNameBytes, 'h'),
                          std::string(kMostNameBytes + 1, 'h'),
                          "tab\t",
                          "h\xc3\xa9",
                          "a?b",
                          "mcp__*",
                          "",
                          "Bash\x7f"};
const Words kToolTypes = {"",
                          "",
                          "",
                          "custom",
                          "web_search_20250305",
                          "Web_Search_20250305",
                          "bash_20250124",
                          "unheard of",
                          "mcp_toolset",
                          "MCP_Toolset_2"};
const Words kModelPatterns = {"claude-*",
                              "Claude-*",
                              "claude-opus-*",
                              "claude-op*",
                              "*-4-1",
                              "*-1",
                              "*5*",
                              "*",
                              "claude-opus-4-1",
                              "claude-opus-4",
                              "claude-haiku-4-5-20251001",
                              "CLAUDE-FABLE-5",
                              "claude-?aiku-4-5",
                              "us.*",
                              "gpt-9",
                              "claude-mythos-5"};
const Words kAsked = {"claude-opus-4-1",
                      "claude-opus-4",
                      "Claude-Opus-4",
                      "claude-opus-4-1[1m]",
                      "claude-fable-5",
                      "claude-mythos-5",
                      "claude-mythos-5[1m]",
                      "claude-opus-4-1-20250805",
                      "claude-opus-4-20990101",
                      "us.anthropic.claude-haiku-4-5-20251001-v1:0",
                      "gpt-9",
                      "claude-opus-5-5",
                      "claude opus"};
const Words kNamePatterns = {"main",    "Main",    "ma*",   "m*",   "*n",   "*",  "agent.yaml",
                             "build-*", "Build-7", "bui*7", "root", "1000", "10*"};
const Words kNames = {"main", "MAIN", "man",  "agent.yaml", "build-7", "BUILD-7",
                      "root", "Root", "1000", "",           "al ice"};
const Words kKinds = {"models", "providers", "credentials", "tools", "hosts", "os_users"};

class Dice {
 public:
  explicit Dice(uint32_t seed) : random_(seed) {}
  size_t Below(size_t end) { return random_() % end; }
  bool One(size_t of) { return Below(of) == 0; }
  const std::string& Of(const Words& words) { return words[Below(words.size())]; }

 private:
  std::mt19937 random_;
};

void Fill(Dice& dice, const Words& words, size_t one_of, wire::Patterns& patterns) {
  if (!dice.One(one_of)) return;
  if (dice.One(2)) {
    patterns.set_allows_listed(true);
    for (size_t i = 1 + dice.Below(7); i > 0; --i) patterns.add_allow(dice.Of(words));
    if (dice.One(2)) patterns.add_allow("*");
  }
  if (dice.One(2)) {
    for (size_t i = dice.Below(3); i > 0; --i) patterns.add_deny(dice.Of(words));
  }
}

// `one_of` levels has a word about tools or models: deep trees speak less at each level, or nothing is left.
void Fill(Dice& dice, size_t one_of, wire::Rules& rules) {
  Fill(dice, kModelPatterns, one_of, *rules.mutable_models());
  Fill(dice, kToolPatterns, one_of, *rules.mutable_tools());
  for (auto* patterns : {rules.mutable_providers(), rules.mutable_credentials(), rules.mutable_hosts(),
                         rules.mutable_os_users()})
    Fill(dice, kNamePatterns, 6 * one_of, *patterns);
  for (size_t i = dice.One(3) ? 1 + dice.Below(3) : 0; i > 0; --i) rules.add_may_widen(dice.Of(kKinds));
  if (dice.One(4)) rules.set_on_denied_tool(static_cast<wire::DeniedTool>(dice.Below(3)));
  if (dice.One(6)) rules.set_max_tokens(1 + dice.Below(5));
}

wire::Policy RandomPolicy(Dice& dice) {
  wire::Policy policy;
  policy.set_format(1);
  policy.set_version(3);
  policy.mutable_time_zone()->set_name("UTC");
  Fill(dice, 2, *policy.mutable_defaults());
  policy.mutable_defaults()->mutable_models()->add_allow("*");
  const size_t depth = 1 + dice.Below(kMostTeamDepth);
  for (size_t i = 0; i < depth; ++i) {
    wire::PolicyTeam& team = *policy.add_teams();
    team.set_id("t" + std::to_string(i));
    if (i > 0) team.set_parent("t" + std::to_string(i - 1));
    Fill(dice, 1 + depth / 2, *team.mutable_rules());
  }
  for (size_t i = dice.Below(6); i > 0; --i) {
    wire::PolicyGroup& group = *policy.add_groups();
    group.set_id("g" + std::to_string(i));
    group.add_users("alice");
    Fill(dice, 3, *group.mutable_rules());
  }
  policy.add_users()->set_id("alice");
  if (dice.One(2)) Fill(dice, 2, *policy.mutable_users(0)->mutable_rules());
  policy.add_keys()->set_id("k1");
  if (dice.One(2)) Fill(dice, 2, *policy.mutable_keys(0)->mutable_rules());
  return policy;
}

struct Exchange {
  Words credentials;
  std::vector<Tool> tools;
  std::string team;
  Facts facts;
};

// Texts are borrowed from the words above.
void Draw(Dice& dice, Exchange& exchange) {
  Facts& facts = exchange.facts;
  facts.call = dice.One(8) ? Call::kListModels : Call::kMessages;
  facts.time = kNoon;
  exchange.team = "t" + std::to_string(dice.Below(kMostTeamDepth));
  facts.team = exchange.team;
  facts.user = dice.One(4) ? "bob" : "alice";
  facts.key = dice.One(2) ? "k1" : "";
  facts.host = dice.Of(kNames);
  facts.os_user = dice.Of(kNames);
  facts.os_user_number = dice.One(2) ? "1000" : "";
  facts.provider = dice.Of(kNames);
  for (size_t i = dice.Below(4); i > 0; --i) exchange.credentials.push_back(dice.Of(kNames));
  // A few, or so many that nearly each is met.
  for (size_t i = dice.One(2) ? dice.Below(4) : 12; i > 0; --i)
    exchange.tools.push_back({dice.Of(kToolNames), dice.Of(kToolTypes)});
  facts.credentials = exchange.credentials;
  facts.tools = exchange.tools;
  facts.model = dice.Of(kAsked);
  facts.tool_choice = static_cast<ToolChoice>(dice.One(4) ? dice.Below(3) : 0);
  facts.forced_tool = dice.Of(kToolNames);
  if (!dice.One(3)) facts.max_tokens = static_cast<int64_t>(dice.Below(6));
}

TEST(Policy, JudgesTheCornersOfItsTablesAsAPlainReadingOfTheRulesDoes) {
  std::map<std::string, int> seen;
  for (uint32_t seed = 1; seed <= 1000; ++seed) {
    Dice dice(seed);
    const wire::Policy policy = RandomPolicy(dice);
    const auto compiled = Compiled::Compile(policy, SmallCatalogue());
    ASSERT_TRUE(compiled) << compiled.error().message;
    for (int i = 0; i < 15; ++i) {
      Exchange exchange;
      Draw(dice, exchange);
      const Verdict verdict = compiled->Judge(exchange.facts);
      const PlainVerdict plain = EvaluatePlainly(policy, SmallCatalogue(), exchange.facts);
      ASSERT_EQ(Describe(PlainOf(verdict)), Describe(plain))
          << "seed " << seed << ", exchange " << i << ", model " << exchange.facts.model << ", team "
          << exchange.facts.team;
      ++seen[plain.allowed ? (plain.cut_tools.empty() ? "allowed" : "cut") : plain.aspect];
    }
  }
  for (const char* what :
       {"allowed", "cut", "host", "os_user", "provider", "credential", "model", "mcp_servers", "tool"})
    EXPECT_GT(seen[what], 50) << what;
}

}  // namespace
}  // namespace postern::policy
