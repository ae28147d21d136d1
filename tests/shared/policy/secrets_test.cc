#include "shared/policy/secrets.h"

#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/base/hex.h"
#include "shared/policy/glob.h"
#include "tests/shared/policy/policy_text.h"

namespace postern::policy {
namespace {

using testing::HasSubstr;

const std::string kFingerprint = "00112233445566778899aabbccddeeff";
const std::string kOwnRule =
    "  rules: |\n"
    "    [[rules]]\n"
    "    id = \"badge\"\n"
    "    regex = 'badge-[0-9a-f]{24}'\n"
    "    keywords = [\"badge-\"]\n";

Facts Of(std::string_view team, std::string_view user = {}, std::string_view key = {}) {
  Facts facts;
  facts.team = team;
  facts.user = user;
  facts.key = key;
  return facts;
}

SecretVerdict Judged(const Compiled& compiled, const Facts& who, std::string_view rule,
                     std::string_view path = {}) {
  return compiled.SecretOrdersFor(who).Judge(rule, path);
}

std::string Wrong(const std::string& rest) {
  const auto file = ReadText(rest);
  return file ? "" : file.error().message;
}

TEST(Secrets, WithoutAWordEverythingIsRedacted) {
  const Compiled compiled = CompiledOf("", {});
  EXPECT_EQ(Judged(compiled, Of("ml"), "jwt").action, wire::SECRET_ACTION_REDACT);
  EXPECT_EQ(Judged(compiled, Of("ml"), "jwt").rule, "");
  EXPECT_EQ(SecretOrders().Judge("jwt", "/a").action, wire::SECRET_ACTION_REDACT);
  EXPECT_FALSE(SecretOrders().RestoresAny());
  EXPECT_EQ(compiled.secret_terms().rules, "");
  EXPECT_FALSE(compiled.secret_terms().answers);
}

TEST(Secrets, TheFirstRuleOfALevelThatFitsCounts) {
  const Compiled compiled = CompiledOf(
      "  secrets:\n"
      "    - {rules: [\"generic-*\", jwt], paths: [\"*/testdata/*\"], action: off}\n"
      "    - {rules: [jwt], action: warn}\n"
      "    - {action: block}\n",
      {});
  const Facts who = Of("ml");
  EXPECT_EQ(Judged(compiled, who, "jwt", "/src/testdata/a").action, wire::SECRET_ACTION_OFF);
  EXPECT_EQ(Judged(compiled, who, "jwt", "/src/testdata/a").rule, "organisation.secrets[0]");
  EXPECT_EQ(Judged(compiled, who, "jwt", "/src/a").action, wire::SECRET_ACTION_WARN);
  EXPECT_EQ(Judged(compiled, who, "jwt").rule, "organisation.secrets[1]");  // a rule with paths needs one
  EXPECT_EQ(Judged(compiled, who, "generic-api-key").action, wire::SECRET_ACTION_BLOCK);
}

TEST(Secrets, LevelsBelowCanOnlyAskForMore) {
  const Compiled compiled = CompiledOf(
      "  secrets: [{rules: [jwt], action: off}]\n"
      "teams:\n"
      "  ml:\n"
      "    secrets: [{rules: [jwt], action: warn}, {action: off}]\n"
      "    teams: {inner: {secrets: [{rules: [npm*], action: block}]}}\n"
      "users: {alice: {secrets: [{action: block}]}}\n",
      {});
  EXPECT_EQ(Judged(compiled, Of("other"), "jwt").action, wire::SECRET_ACTION_OFF);
  EXPECT_EQ(Judged(compiled, Of("ml"), "jwt").rule, "teams.ml.secrets[0]");
  EXPECT_EQ(Judged(compiled, Of("ml"), "npm-token").action, wire::SECRET_ACTION_REDACT);
  EXPECT_EQ(Judged(compiled, Of("ml"), "npm-token").rule, "");
  EXPECT_EQ(Judged(compiled, Of("inner"), "npm-token").rule, "teams.inner.secrets[0]");
  EXPECT_EQ(Judged(compiled, Of("inner", "alice"), "jwt").rule, "users.alice.secrets[0]");
}

TEST(Secrets, OnlyListedToolsAreRestoredAndLevelsBelowTakeAway) {
  const Compiled compiled = CompiledOf(
      "  restore: [Write, Edit]\n"
      "teams: {ml: {restore: [Edit, MultiEdit]}, none: {restore: []}}\n",
      {});
  const auto restores = [&](std::string_view team, std::string_view tool) {
    return compiled.SecretOrdersFor(Of(team)).Restores(tool);
  };
  EXPECT_TRUE(restores("other", "Write"));
  EXPECT_FALSE(restores("other", "MultiEdit"));
  EXPECT_FALSE(restores("other", "Bash"));
  EXPECT_FALSE(restores("ml", "Write"));
  EXPECT_TRUE(restores("ml", "Edit"));
  EXPECT_FALSE(restores("ml", "MultiEdit"));
  EXPECT_FALSE(compiled.SecretOrdersFor(Of("none")).RestoresAny());
  // Nobody below can open what the organisation doesn't.
  const Compiled closed = CompiledOf("teams: {ml: {restore: [Write]}}\n", {});
  EXPECT_FALSE(closed.SecretOrdersFor(Of("ml")).RestoresAny());
}

TEST(Secrets, AllowedOnesAreAllowedUntilTheirTime) {
  const Compiled compiled = CompiledOf(
      "secrets:\n  allowed:\n    - {fingerprint: \"" + kFingerprint + "\", reason: r, until: 2026-11-24}\n",
      {});
  const std::string fingerprint = *FromHex(kFingerprint);
  EXPECT_EQ(compiled.AllowsSecret(fingerprint, kNoon), "secrets.allowed[0]");
  EXPECT_EQ(compiled.AllowsSecret(fingerprint, kNoon + std::chrono::hours(24)), "");
  EXPECT_EQ(compiled.AllowsSecret(std::string(16, 'x'), kNoon), "");
}

TEST(Secrets, TheFileIsReadStrictly) {
  EXPECT_THAT(Wrong("  secrets: [{action: redakt}]\n"), HasSubstr("did you mean \"redact\"?"));
  EXPECT_THAT(Wrong("  secrets: [{rules: [a]}]\n"), HasSubstr("action"));
  EXPECT_THAT(Wrong("  secrets: [{rules: [], action: off}]\n"), HasSubstr("an empty list"));
  EXPECT_THAT(Wrong("  restore: [Bash]\n"), HasSubstr("Write"));
  EXPECT_THAT(Wrong("  restore: [mcp__git__push]\n"), HasSubstr("policy.yaml:3: "));
  EXPECT_THAT(Wrong("secrets: {allowed: [{fingerprint: \"00\", reason: r}]}\n"),
              HasSubstr("32 hexadecimal digits"));
  EXPECT_THAT(Wrong("secrets: {allowed: [{fingerprint: \"" + kFingerprint + "\"}]}\n"), HasSubstr("reason"));
  const std::string twice = "{fingerprint: \"" + kFingerprint + "\", reason: r}";
  EXPECT_THAT(Wrong("secrets:\n  allowed:\n    - " + twice + "\n    - " + twice + "\n"),
              HasSubstr("policy.yaml:6: secrets.allowed[1]: the fingerprint stands there twice"));
  EXPECT_THAT(Wrong("secrets: {fingerprint_key: x}\n"), HasSubstr("unknown key"));
}

TEST(Secrets, OwnRulesStandBesideTheBuiltInOnes) {
  const Compiled compiled = CompiledOf("secrets:\n  answers: true\n" + kOwnRule, {});
  EXPECT_THAT(compiled.secret_terms().rules, HasSubstr("badge"));
  EXPECT_TRUE(compiled.secret_terms().answers);
  EXPECT_THAT(Wrong("secrets:\n  rules: |\n    [[rules]]\n    id = \"a\"\n    regex = '(('\n"),
              HasSubstr("policy.yaml:4: secrets.rules: in this text secrets.rules:"));
  EXPECT_THAT(Wrong("secrets:\n  rules: |\n    [extend]\n    path = \"/etc/passwd\"\n"),
              HasSubstr("useDefault = true"));
  EXPECT_THAT(
      Wrong("secrets:\n  rules: |\n    [extend]\n    useDefault = true\n    disabledRules = [\"jwt\"]\n"),
      "");
}

TEST(Secrets, ASnapshotIsHeldToTheSameBounds) {
  const auto refused = [](const auto& change) {
    wire::Policy policy = PolicyOf("");
    change(policy);
    const auto compiled = Compiled::Compile(policy, {});
    return compiled ? "" : compiled.error().message;
  };
  EXPECT_THAT(refused([](wire::Policy& policy) { policy.mutable_secrets()->set_fingerprint_key("short"); }),
              HasSubstr("32 bytes"));
  EXPECT_THAT(refused([](wire::Policy& policy) { policy.mutable_secrets()->set_rules("[[rules"); }),
              HasSubstr("secrets.rules"));
  EXPECT_THAT(refused([](wire::Policy& policy) { policy.mutable_defaults()->add_secrets(); }),
              HasSubstr("organisation.secrets"));
  EXPECT_THAT(refused([](wire::Policy& policy) { policy.mutable_defaults()->add_restore("Bash"); }),
              HasSubstr("organisation.restore"));
  EXPECT_THAT(refused([](wire::Policy& policy) {
                policy.mutable_secrets()->add_allowed()->set_fingerprint("short");
              }),
              HasSubstr("16 bytes"));
}

// The obvious way: every level's word, one after the other.
wire::SecretAction Obviously(const wire::Policy& policy, const std::string& team, const std::string& rule,
                             const std::string& path) {
  const auto word = [&](const wire::Rules& rules) {
    for (const wire::SecretRule& order : rules.secrets()) {
      bool fits_rule = order.rules_size() == 0;
      for (const auto& pattern : order.rules()) fits_rule = fits_rule || GlobMatches(pattern, rule);
      bool fits_path = order.paths_size() == 0;
      for (const auto& pattern : order.paths())
        fits_path = fits_path || (!path.empty() && GlobMatches(pattern, path));
      if (fits_rule && fits_path) return order.action();
    }
    return wire::SECRET_ACTION_INHERIT;
  };
  wire::SecretAction action = word(policy.defaults());
  if (action == wire::SECRET_ACTION_INHERIT) action = wire::SECRET_ACTION_REDACT;
  for (std::string at = team; !at.empty();) {
    std::string parent;
    for (const wire::PolicyTeam& each : policy.teams()) {
      if (each.id() != at) continue;
      action = std::max(action, word(each.rules()));
      parent = each.parent();
    }
    at = parent;
  }
  return action;
}

TEST(Secrets, AgreeWithTheObviousWay) {
  std::mt19937 random(7);
  const auto pick = [&random](const auto& list) { return list[random() % std::size(list)]; };
  const std::string rules[] = {"a", "ab", "*", "a*", "?b", "zz"};
  const std::string paths[] = {"*/x", "/a/*", "*"};
  const std::string asked[] = {"a", "ab", "b", "zz"};
  const std::string places[] = {"", "/a/x", "/b"};
  const auto fill = [&](wire::Rules& level) {
    for (size_t i = random() % 4; i > 0; --i) {
      wire::SecretRule& order = *level.add_secrets();
      if (random() % 3 != 0) order.add_rules(pick(rules));
      if (random() % 3 == 0) order.add_paths(pick(paths));
      order.set_action(static_cast<wire::SecretAction>(1 + random() % 4));
    }
  };
  for (int i = 0; i < 2000; ++i) {
    wire::Policy policy = PolicyOf("");
    fill(*policy.mutable_defaults());
    const char* parents[] = {"", "t0", "t1"};
    for (int team = 0; team < 3; ++team) {
      policy.add_teams()->set_id("t" + std::to_string(team));
      policy.mutable_teams(team)->set_parent(parents[team]);
      fill(*policy.mutable_teams(team)->mutable_rules());
    }
    const auto compiled = Compiled::Compile(policy, {});
    ASSERT_TRUE(compiled) << compiled.error().message;
    for (const char* team : {"", "t0", "t2"}) {
      for (const std::string& rule : asked) {
        for (const std::string& path : places)
          ASSERT_EQ(Judged(*compiled, Of(team), rule, path).action, Obviously(policy, team, rule, path))
              << i << team << rule << path;
      }
    }
  }
}

}  // namespace
}  // namespace postern::policy
