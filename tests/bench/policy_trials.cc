// What judging one exchange costs, by a policy of 10,000 rules.
#include <chrono>
#include <limits>
#include <string>
#include <vector>

#include "shared/policy/compiled.h"
#include "tests/bench/statistics.h"
#include "tests/bench/trial.h"

namespace postern::bench {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr int kTeams = 100;
constexpr int kRules = 10'000;
constexpr WallTime kNow{std::chrono::seconds(1'795'435'200)};

// What Claude Code brings to a request, and some MCP servers' tools.
const std::vector<policy::Tool> kTools = {{"Agent", ""},
                                          {"Bash", ""},
                                          {"Edit", ""},
                                          {"ExitPlanMode", ""},
                                          {"Glob", ""},
                                          {"Grep", ""},
                                          {"KillShell", ""},
                                          {"NotebookEdit", ""},
                                          {"Read", ""},
                                          {"Skill", ""},
                                          {"SlashCommand", ""},
                                          {"TodoWrite", ""},
                                          {"WebFetch", ""},
                                          {"WebSearch", ""},
                                          {"Write", ""},
                                          {"mcp__git__push", ""},
                                          {"mcp__git__log", ""},
                                          {"mcp__tickets__find", ""},
                                          {"mcp__tickets__add", ""},
                                          {"AskUserQuestion", ""}};

policy::Catalogue Models() {
  policy::Catalogue catalogue;
  for (const char* family : {"opus", "sonnet", "haiku", "fable"}) {
    for (int version = 1; version <= 6; ++version) {
      const std::string id = "claude-" + std::string(family) + "-" + std::to_string(version);
      catalogue.models.push_back({id, {id + "-20260101"}});
    }
  }
  return catalogue;
}

// An organisation with lists of everything, teams that add theirs, groups, and rules for single people: an
// exchange meets five levels that have a word about it.
wire::Policy LargePolicy(int& rules) {
  wire::Policy policy;
  policy.set_format(1);
  policy.set_version(1);
  const auto allow = [&rules](wire::Patterns& patterns, const std::string& pattern) {
    patterns.set_allows_listed(true);
    patterns.add_allow(pattern);
    ++rules;
  };
  const auto deny = [&rules](wire::Patterns& patterns, const std::string& pattern) {
    patterns.add_deny(pattern);
    ++rules;
  };
  wire::Rules& all = *policy.mutable_defaults();
  allow(*all.mutable_models(), "claude-*");
  allow(*all.mutable_hosts(), "build-*");
  deny(*all.mutable_os_users(), "root");
  for (int i = 0; i < 200; ++i) deny(*all.mutable_tools(), "mcp__forbidden" + std::to_string(i) + "__*");
  for (int i = 0; i < 100; ++i) deny(*all.mutable_models(), "claude-old-" + std::to_string(i));
  for (int t = 0; t < kTeams; ++t) {
    wire::PolicyTeam& team = *policy.add_teams();
    team.set_id("team" + std::to_string(t));
    if (t >= 10) team.set_parent("team" + std::to_string(t % 10));
    for (const char* family : {"opus", "sonnet", "haiku", "fable"})
      allow(*team.mutable_rules()->mutable_models(), "claude-" + std::string(family) + "-*");
    for (int i = 0; i < 40; ++i)
      deny(*team.mutable_rules()->mutable_tools(), "mcp__server" + std::to_string(t * 40 + i) + "__remove");
    team.mutable_rules()->set_max_tokens(64'000);
    team.mutable_rules()->set_hours_listed(true);
    team.mutable_rules()->add_hours()->set_end(7 * 24 * 60);
  }
  for (int g = 0; g < 10; ++g) {
    wire::PolicyGroup& group = *policy.add_groups();
    group.set_id("group" + std::to_string(g));
    for (int u = g; u < 1000; u += 10) group.add_users("person" + std::to_string(u));
    for (int i = 0; i < 20; ++i) deny(*group.mutable_rules()->mutable_tools(), "Tool" + std::to_string(i));
  }
  for (int u = 0; rules < kRules; ++u) {
    wire::PolicyUser& user = *policy.add_users();
    user.set_id("person" + std::to_string(u));
    for (int i = 0; i < 5; ++i)
      deny(*user.mutable_rules()->mutable_models(), "claude-beta-" + std::to_string(i));
  }
  return policy;
}

Result<std::vector<Row>> MeasureDecision(Arena& arena, const std::string& name) {
  int rules = 0;
  const policy::Catalogue catalogue = Models();
  ASSIGN_OR_RETURN(const auto compiled, policy::Compiled::Compile(LargePolicy(rules), catalogue));
  std::vector<std::string> users, teams;
  for (int i = 0; i < 256; ++i) {
    users.push_back("person" + std::to_string(i * 3));
    teams.push_back("team" + std::to_string(10 + i % 90));
  }
  std::vector<policy::Facts> exchanges(256);
  const std::vector<std::string> credentials = {"main", "second"};
  for (size_t i = 0; i < exchanges.size(); ++i) {
    policy::Facts& facts = exchanges[i];
    facts.time = kNow;
    facts.team = teams[i];
    facts.user = users[i];
    facts.key = "k7x2m9q4w8ab";
    facts.host = "build-77";
    facts.os_user = "runner";
    facts.os_user_number = "1000";
    facts.provider = "anthropic";
    facts.credentials = credentials;
    facts.model = catalogue.models[i % catalogue.models.size()].aliases[0];
    facts.tools = kTools;
    facts.max_tokens = 32'000;
    if (!compiled.Judge(facts).allowed())
      return Error{ErrorCode::kInvalid, name + ": an exchange that should be allowed is refused"};
  }
  std::vector<double> times;
  uint64_t allowed = 0;
  for (int repetition = 0; repetition < arena.settings().repetitions; ++repetition) {
    constexpr int kRounds = 200;
    const auto begin = std::chrono::steady_clock::now();
    for (int round = 0; round < kRounds; ++round) {
      for (const policy::Facts& facts : exchanges) allowed += compiled.Judge(facts).allowed() ? 1 : 0;
    }
    const double spent =
        std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count();
    times.push_back(spent / (kRounds * static_cast<double>(exchanges.size())));
  }
  if (allowed == 0) return Error{ErrorCode::kInvalid, name + ": nothing was judged"};
  return std::vector{Row{.name = name,
                         .unit = "ns",
                         .ours = Median(times),
                         .reference = kUnknown,
                         .reference_name = "",
                         .ratio = kUnknown,
                         .note = std::to_string(rules) + " rules, " + std::to_string(kTools.size()) +
                                 " tools in each request, 5 or 6 levels"}};
}

}  // namespace

std::vector<Trial> PolicyTrials() {
  const std::string decision = "policy/decision-ns";
  return {{.names = {decision}, .load = {}, .run = [=](Arena& arena) {
             return MeasureDecision(arena, decision);
           }}};
}

}  // namespace postern::bench
