#include "shared/policy/policy_file.h"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/policy/compiled.h"
#include "shared/zoneinfo/zoneinfo.h"
#include "tests/shared/policy/policy_text.h"
#include "tests/support/paths.h"

namespace postern::policy {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string Wrong(const std::string& rest) {
  const auto file = ReadText(rest);
  if (file) return "";
  EXPECT_EQ(file.error().code, ErrorCode::kInvalid);
  return file.error().message;
}

TEST(PolicyFile, TheReferenceIsSound) {
  std::ostringstream text;
  text << std::ifstream(support::InSource("config/policy.yaml")).rdbuf();
  const auto file = ReadPolicy(text.str(), "policy.yaml", zoneinfo::ReadZoneFile, kNoon);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->policy.organisation(), "example");
  EXPECT_EQ(file->policy.teams_size(), 3);
  EXPECT_EQ(file->policy.teams(1).parent(), "research");
  EXPECT_TRUE(Compiled::Compile(file->policy, SmallCatalogue()));
  // Its optional keys are keys.
  std::string all = text.str();
  for (size_t at = 0; (at = all.find("\n  #", at)) != std::string::npos; ++at) {
    const bool is_key =
        all[at + 4] != ' ' || (all[at + 5] == ' ' && all[at + 6] >= 'a' && all[at + 6] <= 'z');
    if (is_key) all.erase(at + 3, 1);
  }
  for (const char* line :
       {"\n#offline:", "\n#  allowance:", "\n#admission:\n", "\n#  web_searches:", "\n#  file_tokens:"}) {
    ASSERT_NE(all.find(line), std::string::npos) << line;
    all.erase(all.find(line) + 1, 1);
  }
  const auto whole = ReadPolicy(all, "policy.yaml", zoneinfo::ReadZoneFile, kNoon);
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->policy.defaults().residency_size(), 1);
  EXPECT_EQ(whole->policy.defaults().hosts().allow_size(), 2);
  EXPECT_TRUE(whole->policy.defaults().hours_listed());
  EXPECT_EQ(file->policy.limits_size(), 4);
  EXPECT_EQ(whole->policy.limits_size(), 6);
  EXPECT_EQ(whole->policy.ahead_permille(), 100U);
  EXPECT_EQ(whole->policy.caps().web_searches(), 5U);
}

TEST(PolicyFile, EachKeyIsRead) {
  const auto file = ReadText(
      "  time_zone: Europe/Berlin\n"
      "  models: {allow: [a, \"b*\"], deny: [c]}\n"
      "  tools: {allow: []}\n"
      "  residency: [eu]\n"
      "  context_tokens: 5\n"
      "  max_tokens: 6\n"
      "  on_exceed: refuse\n"
      "  on_denied_tool: refuse\n"
      "  hours: [\"mon 08:00-09:00\"]\n"
      "  expires: 2026-12-24T18:00:00+01:00\n"
      "  may_widen: [models, os_users]\n"
      "  message: ask us\n"
      "staleness: {revocation: strict, policy_ttl: 2h}\n"
      "teams: {ml: {teams: {vision: {providers: {deny: [p]}}}}}\n"
      "groups: {g: {users: [alice], credentials: {allow: [main]}}}\n"
      "users: {alice: {hosts: {allow: [h]}}}\n"
      "keys: {k1: {os_users: {allow: [\"0\"]}}}\n");
  ASSERT_TRUE(file) << file.error().message;
  const wire::Policy& policy = file->policy;
  EXPECT_EQ(policy.format(), 1U);
  EXPECT_EQ(policy.source_sha256().size(), 32U);
  EXPECT_EQ(policy.time_zone().name(), "Europe/Berlin");
  EXPECT_GT(policy.time_zone().changes_size(), 38);
  EXPECT_EQ(policy.defaults().models().allow(1), "b*");
  EXPECT_EQ(policy.defaults().models().deny(0), "c");
  EXPECT_TRUE(policy.defaults().tools().allows_listed());
  EXPECT_EQ(policy.defaults().residency(0), "eu");
  EXPECT_EQ(policy.defaults().context_tokens(), 5U);
  EXPECT_EQ(policy.defaults().max_tokens(), 6U);
  EXPECT_EQ(policy.defaults().on_max_tokens(), wire::MAX_TOKENS_REFUSE);
  EXPECT_EQ(policy.defaults().on_denied_tool(), wire::DENIED_TOOL_REFUSE);
  EXPECT_EQ(policy.defaults().hours(0).end(), 540U);
  EXPECT_EQ(policy.defaults().expires(), 1'798'131'600);
  EXPECT_EQ(policy.defaults().may_widen(1), "os_users");
  EXPECT_EQ(policy.defaults().message(), "ask us");
  EXPECT_TRUE(policy.staleness().strict());
  EXPECT_EQ(policy.staleness().policy_ttl(), 7200U);
  EXPECT_EQ(policy.teams(1).parent(), "ml");
  EXPECT_EQ(policy.teams(1).rules().providers().deny(0), "p");
  EXPECT_EQ(policy.groups(0).users(0), "alice");
  EXPECT_EQ(policy.groups(0).rules().credentials().allow(0), "main");
  EXPECT_EQ(policy.users(0).rules().hosts().allow(0), "h");
  EXPECT_EQ(policy.keys(0).rules().os_users().allow(0), "0");
  EXPECT_EQ(file->lines.at("organisation.models.allow[1]"), 4);
  EXPECT_EQ(file->lines.at("teams.vision"), 16);
  EXPECT_EQ(file->lines.at("keys.k1.os_users.allow[0]"), 19);
}

TEST(PolicyFile, ErrorsNameTheirPlaceAndWhatIsAllowed) {
  EXPECT_THAT(Wrong("  modles: {allow: [a]}\n"),
              StartsWith("policy.yaml:3: organisation.modles: unknown key; did you mean \"models\"?"));
  EXPECT_THAT(Wrong("  models: [a]\n"),
              StartsWith("policy.yaml:3: organisation.models: found a list, allowed is a mapping"));
  EXPECT_THAT(Wrong("  models: {allow: [\"a b\"]}\n"),
              StartsWith("policy.yaml:3: organisation.models.allow[0]: found a pattern with a space or a "
                         "character that isn't ASCII"));
  EXPECT_THAT(Wrong("  hours: [\"monday 8-18\"]\n"),
              AllOf(StartsWith("policy.yaml:3: organisation.hours[0]: "), HasSubstr("mon-fri 08:00-18:00")));
  EXPECT_THAT(Wrong("  expires: soon\n"),
              StartsWith("policy.yaml:3: organisation.expires: found \"soon\", allowed is a date"));
  EXPECT_THAT(Wrong("  expires: 2026-02-30\n"), StartsWith("policy.yaml:3: organisation.expires: "));
  EXPECT_THAT(Wrong("  max_tokens: 0\n"), StartsWith("policy.yaml:3: organisation.max_tokens: found \"0\""));
  EXPECT_THAT(Wrong("  on_denied_tool: stripe\n"), HasSubstr("did you mean \"strip\"?"));
  EXPECT_THAT(Wrong("  may_widen: [modles]\n"), HasSubstr("did you mean \"models\"?"));
  EXPECT_THAT(Wrong("  time_zone: Europe/Berlim\n"),
              StartsWith("policy.yaml:3: organisation.time_zone: found \"Europe/Berlim\""));
  EXPECT_THAT(Wrong("staleness: {policy_ttl: 1s}\n"), StartsWith("policy.yaml:3: staleness.policy_ttl: "));
  EXPECT_THAT(Wrong("groups: {g: {}}\n"), HasSubstr("\"users\" is missing"));
  EXPECT_THAT(Wrong("teams:\n  ml: {}\n  x:\n    teams:\n      ml: {}\n"),
              AllOf(StartsWith("policy.yaml:7: "), HasSubstr("the first is on line 4")));
}

TEST(PolicyFile, BoundsOfTheWholeHaveAPlace) {
  std::string loose = "  tools:\n    deny:\n";
  for (int i = 0; i < 65; ++i) loose += "      - \"*x" + std::to_string(i) + "*\"\n";
  EXPECT_THAT(Wrong(loose), StartsWith("policy.yaml:4: organisation.tools.deny: more than 64 patterns"));
  std::string deep = "teams: ";
  for (int i = 0; i < 17; ++i) deep += "{t" + std::to_string(i) + ": {teams: ";
  EXPECT_NE(Wrong(deep + "{}" + std::string(34, '}') + "\n"), "");  // nested beyond what any file may be
}

TEST(PolicyFile, TheSameTextIsTheSameSnapshot) {
  const std::string text = "  models: {allow: [a]}\nteams: {b: {}, a: {}}\n";
  EXPECT_EQ(PolicyOf(text).SerializeAsString(), PolicyOf(text).SerializeAsString());
}

}  // namespace
}  // namespace postern::policy
