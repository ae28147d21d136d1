#include "shared/policy/lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/shared/policy/policy_text.h"

namespace postern::policy {
namespace {

using testing::ElementsAre;

const std::string kAll = "  models: {allow: [\"claude-*\"]}\n";

People SomePeople() {
  People people;
  people.teams = {"ml", "sales"};
  people.users = {{"alice@example.com", "ml"}};
  people.keys = {{"k7x2m9q4w8ab", "alice@example.com", "ml"}};
  people.credentials = {"main"};
  return people;
}

// "LINE force|note RULE: SENTENCE"
std::vector<std::string> Concerns(const std::string& rest, const People& people = SomePeople()) {
  const auto file = ReadText(rest);
  EXPECT_TRUE(file) << file.error().message;
  std::vector<std::string> said;
  for (const Concern& concern : Lint(*file, SmallCatalogue(), people, kNoon)) {
    said.push_back(std::to_string(concern.line) +
                   (concern.weight == Weight::kNeedsForce ? " force " : " note ") + concern.rule + ": " +
                   concern.sentence);
  }
  return said;
}

TEST(Lint, ASoundPolicyHasNothing) {
  EXPECT_THAT(
      Concerns(kAll + "teams: {ml: {models: {deny: [claude-opus-5-5]}}}\nusers: {alice@example.com: {}}\n"),
      ElementsAre());
}

TEST(Lint, WhatDoesNotExistNeedsForce) {
  EXPECT_THAT(
      Concerns("  models: {allow: [\"claude-*\", claude-opsu-5-5]}\n"),
      ElementsAre(
          "3 force organisation.models.allow[1]: claude-opsu-5-5 is no model that has a price; did you mean "
          "\"claude-opus-5-5\"?"));
  EXPECT_THAT(Concerns(kAll + "teams:\n  slaes: {}\n"),
              ElementsAre("5 force teams.slaes: there is no team slaes; did you mean \"sales\"?"));
  EXPECT_THAT(Concerns(kAll + "groups: {g: {users: [alcie@example.com]}}\n"),
              ElementsAre("4 force groups.g.users[0]: there is no user alcie@example.com; did you mean "
                          "\"alice@example.com\"?"));
  EXPECT_THAT(Concerns(kAll + "keys: {nokey: {}}\n"),
              ElementsAre("4 force keys.nokey: there is no key nokey"));
  EXPECT_THAT(
      Concerns(kAll + "  credentials: {deny: [mian]}\n"),
      ElementsAre(
          "4 note organisation.credentials.deny[0]: there is no credential mian; did you mean \"main\"?"));
}

TEST(Lint, ClaimsNothingOfWhatIsNotKnown) {
  EXPECT_THAT(Concerns(kAll + "teams: {slaes: {}}\nkeys: {nokey: {}}\n", People()), ElementsAre());
}

TEST(Lint, APolicyThatLocksEverybodyOutNeedsForce) {
  const std::string locked = "0 force : it would lock out every key";
  EXPECT_THAT(Concerns(""), ElementsAre(locked));
  EXPECT_THAT(Concerns(kAll + "teams: {ml: {models: {deny: [\"*\"]}}}\n"), ElementsAre(locked));
  EXPECT_THAT(
      Concerns(kAll + "  expires: 2026-01-01\n"),
      ElementsAre(locked, "4 note organisation.expires: this is over: it refuses everything already"));
  EXPECT_THAT(Concerns("", People()), ElementsAre("0 force : it would let nobody through"));
  // Closed now, and open later.
  EXPECT_THAT(Concerns(kAll + "  hours: [\"tue 08:00-09:00\"]\n"), ElementsAre());
}

TEST(Lint, TellsWhatIsProbablyNotMeant) {
  EXPECT_THAT(Concerns("  models: {allow: [\"claude-*\"], deny: [claude-mythos-5]}\n"),
              ElementsAre("3 note organisation.models.deny[0]: claude-mythos-5 is another name of "
                          "claude-fable-5 in models.yaml: that model "
                          "is denied under all of its names"));
  EXPECT_THAT(
      Concerns(
          "  models: {allow: [claude-opus-5-5]}\nteams: {sales: {models: {allow: [claude-sonnet-5-5]}}}\n"),
      ElementsAre("4 note teams.sales.models.allow[0]: claude-sonnet-5-5 stays denied here: a level denies "
                  "it, or none above allows "
                  "it and may_widen isn't said"));
}

TEST(Lint, SaysWhatIsOddAboutSecrets) {
  EXPECT_THAT(
      Concerns(kAll + "  secrets: [{rules: [jtw], action: block}, {rules: [\"zzz*\"], action: block}]\n"),
      ElementsAre("4 force organisation.secrets[0]: there is no rule jtw for secrets; did you mean \"jwt\"?",
                  "4 note organisation.secrets[1]: no rule for secrets is meant by zzz*"));
  EXPECT_THAT(
      Concerns(kAll + "  secrets:\n    - {action: warn}\n    - {action: block}\n"),
      ElementsAre(
          "5 note organisation.secrets[0]: every secret that no rule before it speaks of leaves",
          "6 note organisation.secrets[1]: a rule before it is for all secrets: this one is never asked"));
  EXPECT_THAT(
      Concerns(kAll + "teams:\n  ml:\n    secrets: [{action: off}]\n    restore: [Write]\n"),
      ElementsAre(
          "6 note teams.ml.secrets[0]: off has no effect below the organisation, whose rules levels below "
          "can only make stricter",
          "7 note teams.ml.restore: the organisation lists no tools, and so nothing is restored"));
  EXPECT_THAT(
      Concerns(
          kAll +
          "secrets:\n  allowed:\n    - {fingerprint: \"00112233445566778899aabbccddeeff\", reason: r, until: "
          "2026-01-01}\n"),
      ElementsAre("6 note secrets.allowed[0]: this is over: it lets nothing through"));
}

TEST(Lint, ALimitForNobodyNeedsForce) {
  const std::string limits = kAll + "limits:\n";
  EXPECT_THAT(
      Concerns(limits + "  a: {team: sales, usd: 5, per: day}\n  b: {each: user, usd: 5, per: day}\n"),
      ElementsAre());
  EXPECT_THAT(Concerns(limits + "  a: {team: slaes, usd: 5, per: day}\n"),
              ElementsAre("5 force limits.a.team: there is no team slaes; did you mean \"sales\"?"));
  EXPECT_THAT(Concerns(limits + "  a: {user: alcie@example.com, usd: 5, per: day}\n"),
              ElementsAre("5 force limits.a.user: there is no user alcie@example.com; did you mean "
                          "\"alice@example.com\"?"));
  EXPECT_THAT(Concerns(limits + "  a: {key: nokey, each: provider, usd: 5, per: day}\n"),
              ElementsAre("5 force limits.a.key: there is no key nokey"));
  EXPECT_THAT(
      Concerns(limits + "  a: {model: claude-opsu-5-5, usd: 5, per: day}\n"),
      ElementsAre("5 force limits.a.model: claude-opsu-5-5 is no model that has a price; did you mean "
                  "\"claude-opus-5-5\"?"));
  EXPECT_THAT(Concerns(limits + "  a: {each: key, model: claude-mythos-5, usd: 5, per: day}\n").front(),
              testing::HasSubstr("claude-mythos-5 is another name of "));
}

TEST(Lint, ALimitOfZeroRefusesEverything) {
  const std::string limits = kAll + "limits:\n";
  EXPECT_THAT(Concerns(limits + "  a: {team: ml, usd: 0, per: day}\n"),
              ElementsAre("5 note limits.a: a limit of 0 refuses everything of team ml"));
  EXPECT_THAT(Concerns(limits + "  a: {each: user, usd: 0, per: day}\n"),
              ElementsAre("5 force limits.a: a limit of 0 refuses everything of each user"));
  EXPECT_THAT(Concerns(limits + "  a: {concurrent: 0}\n"),
              ElementsAre("5 force limits.a: a limit of 0 refuses everything of everybody"));
  EXPECT_THAT(Concerns(limits + "  a: {usd: 0, per: day, raise: {by: 1, until: 2027-01-01}}\n"),
              ElementsAre());
  EXPECT_THAT(Concerns(limits + "  a: {usd: 9, per: day, raise: {by: 1, until: 2026-01-01}}\n"),
              ElementsAre("5 note limits.a.raise: this raise is over: it adds nothing any more"));
}

}  // namespace
}  // namespace postern::policy
