#include "shared/policy/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/shared/policy/policy_text.h"

namespace postern::policy {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

const std::string kAll = "  models: {allow: [\"*\"]}\n";

People SomePeople() {
  People people;
  people.teams = {"ml", "sales"};
  people.users = {{"alice", "ml"}, {"bob", "ml"}, {"carol", "sales"}};
  people.keys = {{"k1", "alice", "ml"}, {"k2", "alice", "ml"}, {"k3", "carol", "sales"}};
  return people;
}

std::vector<std::string> Compared(const std::string& before, const std::string& after) {
  const Comparison comparison =
      Compare(PolicyOf(before), PolicyOf(after), SmallCatalogue(), SomePeople(), kNoon);
  std::vector<std::string> lines;
  for (const Difference& difference : comparison.differences) lines.push_back(Line(difference));
  return lines;
}

TEST(Compare, WhatIsWrittenDifferentlyAndMeansTheSameIsNoDifference) {
  EXPECT_THAT(Compared(kAll, kAll), ElementsAre());
  EXPECT_THAT(
      Compared(kAll + "  tools: {deny: [Bash, Read]}\n", kAll + "  tools: {deny: [Read, Bash, Bash]}\n"),
      ElementsAre());
}

TEST(Compare, SaysForWhomWhatChanges) {
  EXPECT_THAT(Compared(kAll, kAll + "teams: {ml: {models: {deny: [claude-opus-5-5]}}}\n"),
              ElementsAre("team ml (2 people, 2 keys): models: loses claude-opus-5-5"));
  EXPECT_THAT(Compared(kAll + "  max_tokens: 9\n", kAll + "  max_tokens: 8\n"),
              ElementsAre("everybody (3 people, 3 keys): max_tokens: 9 → 8"));
  EXPECT_THAT(Compared(kAll, kAll + "users: {bob: {tools: {deny: [Bash]}}}\n"),
              ElementsAre("user bob: tools: loses Bash"));
  EXPECT_THAT(
      Compared(kAll + "keys: {k2: {hosts: {allow: [a]}}}\n", kAll + "keys: {k2: {hosts: {allow: [b]}}}\n"),
      ElementsAre("key k2: hosts: loses a; gains b"));
}

TEST(Compare, GainsAndLossesStandTogether) {
  EXPECT_THAT(
      Compared("  models: {allow: [claude-opus-5-5]}\n", "  models: {allow: [claude-sonnet-5-5]}\n"),
      ElementsAre("everybody (3 people, 3 keys): models: loses claude-opus-5-5; gains claude-sonnet-5-5"));
}

TEST(Compare, GlobsStandForWhatTheyMean) {
  EXPECT_THAT(Compared(kAll, kAll + "groups: {g: {users: [carol], tools: {deny: [\"mcp__*\"]}}}\n"),
              ElementsAre("team sales (1 person, 1 key): tools: loses mcp__*"));
}

TEST(Compare, HostsAndOsUsersAreComparedByWhatComesOfAllLevels) {
  // The team could use no other host before either, so that nothing changes for it.
  const std::string ml_only = "teams: {ml: {hosts: {allow: [\"build-*\"]}}}\n";
  EXPECT_THAT(Compared(kAll + ml_only, kAll + "  hosts: {deny: [laptop-1]}\n" + ml_only),
              ElementsAre("team sales (1 person, 1 key): hosts: loses laptop-1"));
  EXPECT_THAT(Compared(kAll, kAll + "  hosts: {allow: [\"build-*\", Desk-1]}\n"),
              ElementsAre("everybody (3 people, 3 keys): hosts: loses all other hosts"));
  EXPECT_THAT(
      Compared(kAll + "  os_users: {deny: [root, \"0\"]}\n", kAll + "  os_users: {allow: [ci, root]}\n"),
      ElementsAre("everybody (3 people, 3 keys): os_users: loses all other OS users; gains root"));
}

TEST(Compare, HostsOfTheDirectoryAreNamed) {
  People people = SomePeople();
  people.hosts = {"build-1", "build-2", "desk-1"};
  const Comparison comparison =
      Compare(PolicyOf(kAll), PolicyOf(kAll + "groups: {g: {users: [bob], hosts: {allow: [\"build-*\"]}}}\n"),
              SmallCatalogue(), people, kNoon);
  ASSERT_EQ(comparison.differences.size(), 1u);
  EXPECT_EQ(Line(comparison.differences[0]), "user bob: hosts: loses all other hosts, desk-1");
}

TEST(Compare, TimesAreComparedAsTheyAreRead) {
  EXPECT_THAT(
      Compared(kAll, kAll + "  hours: [\"mon-fri 08:00-18:00\"]\n  expires: 2026-01-01\n"),
      UnorderedElementsAre(
          "everybody (3 people, 3 keys): hours: none → mon-fri 08:00-18:00 (UTC)",
          "everybody (3 people, 3 keys): expires: none → over since Thursday 1 January 2026 00:00 (UTC)"));
}

TEST(Compare, ALongListIsCutShort) {
  std::string many = kAll + "  tools: {deny: [";
  for (int i = 0; i < 30; ++i) many += "tool" + std::to_string(i) + ", ";
  EXPECT_THAT(Compared(kAll, many + "last]}\n"), Contains(HasSubstr("and 11 more")));
}

TEST(Compare, SaysWhatHappensToSecrets) {
  EXPECT_THAT(Compared(kAll, kAll + "teams: {ml: {secrets: [{rules: [jwt], action: block}]}}\n"),
              ElementsAre("team ml (2 people, 2 keys): secrets: redact → redact; at least block for jwt"));
  EXPECT_THAT(Compared(kAll, kAll + "  restore: [Write]\n"),
              ElementsAre("everybody (3 people, 3 keys): restore: gains Write"));
  EXPECT_THAT(
      Compared(
          kAll,
          kAll +
              "secrets:\n  allowed:\n    - {fingerprint: \"00112233445566778899aabbccddeeff\", reason: r}\n"),
      ElementsAre("everybody (3 people, 3 keys): allowed secrets: gains 00112233445566778899aabbccddeeff"));
  EXPECT_THAT(Compared(kAll, kAll + "secrets: {answers: true}\n"),
              ElementsAre("everybody (3 people, 3 keys): answers: none → looked at"));
}

TEST(Compare, LimitsThatAreAddedChangedOrRemovedAreNamedWithThoseWhomTheyAreFor) {
  const std::string month = kAll + "limits:\n  ml-month: {team: ml, usd: 500, per: month}\n";
  EXPECT_THAT(Compared(kAll, month),
              ElementsAre("team ml (2 people, 2 keys): limit ml-month: none → $500 a month"));
  EXPECT_THAT(Compared(month, kAll),
              ElementsAre("team ml (2 people, 2 keys): limit ml-month: $500 a month → none"));
  EXPECT_THAT(Compared(month, kAll + "limits:\n  ml-month: {team: ml, usd: 600.5, per: month}\n"),
              ElementsAre("team ml (2 people, 2 keys): limit ml-month: $500 a month → $600.50 a month"));
  EXPECT_THAT(Compared(month, kAll + "limits:\n  ml-month: {user: carol, usd: 500, per: month}\n"),
              ElementsAre("user carol: limit ml-month: team ml: $500 a month → user carol: $500 a month"));
  EXPECT_THAT(Compared(month, kAll + "limits: {ml-month: {team: ml, usd: 500, per: month, message: ask}}\n"),
              ElementsAre(HasSubstr("$500 a month, no message → $500 a month, ask")));
  EXPECT_THAT(Compared(month, month), ElementsAre());
}

TEST(Compare, ATeamsLimitIsForTheTeamsWithinIt) {
  const std::string teams = kAll + "teams: {ml: {teams: {sales: {}}}}\n";
  EXPECT_THAT(Compared(teams, teams + "limits: {a: {team: ml, concurrent: 4}}\n"),
              ElementsAre("team ml (3 people, 3 keys): limit a: none → 4 at once"));
  EXPECT_THAT(Compared(kAll, kAll + "limits: {a: {each: [key, model], requests: 1, per: minute}}\n"),
              ElementsAre(HasSubstr("each key with each model")));
}

TEST(Compare, WhatIsGrantedAheadAndCountedOnIsCompared) {
  EXPECT_THAT(Compared(kAll + "offline: {allowance: 10%}\n",
                       kAll + "offline: {allowance: 2.5%}\nadmission: {web_searches: 4}\n"),
              UnorderedElementsAre("everybody (3 people, 3 keys): offline.allowance: 10% → 2.5%",
                                   "everybody (3 people, 3 keys): admission.web_searches: none → 4"));
}

}  // namespace
}  // namespace postern::policy
