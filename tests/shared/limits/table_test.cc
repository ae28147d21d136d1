#include "shared/limits/table.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace postern::limits {
namespace {

Limit Of(std::string id, Scope scope, std::string subject = "", std::string within = "") {
  return {.id = std::move(id),
          .scope = scope,
          .subject = std::move(subject),
          .within = std::move(within),
          .amount = Amount(100),
          .raise = {}};
}

std::vector<std::string> Accounts(const Table& table, const Facts& facts) {
  std::vector<Match> matches;
  table.Match(facts, matches);
  std::vector<std::string> accounts;
  for (const Match& match : matches) accounts.push_back(match.account);
  std::sort(accounts.begin(), accounts.end());
  return accounts;
}

const std::vector<std::string_view> kTeams = {"vision", "ml"};
const Facts kAlice{kTeams, "alice", "k7", "anthropic", "claude-opus-5-5"};

TEST(Table, EveryScopeThatMeetsTheExchangeHasAWord) {
  const auto table = Table::Make(
      {Of("all", Scope::kOrganisation), Of("ml", Scope::kTeam, "ml"), Of("each-team", Scope::kTeam),
       Of("each-day", Scope::kUser), Of("bob", Scope::kUser, "bob"), Of("key", Scope::kKey, "k7"),
       Of("kp", Scope::kKeyProvider), Of("km", Scope::kKeyModel, "k7", "claude-opus-5-5"),
       Of("km-haiku", Scope::kKeyModel, "k7", "claude-haiku-5-5"), Of("prov", Scope::kProvider),
       Of("opus", Scope::kModel, "claude-opus-5-5")},
      policy::Utc());
  ASSERT_TRUE(table);
  EXPECT_EQ(Accounts(*table, kAlice),
            (std::vector<std::string>{"all", "each-day/alice", "each-team/ml", "each-team/vision", "key",
                                      "km", "kp/k7/anthropic", "ml", "opus", "prov/anthropic"}));
}

// LiteLLM #26672, #23714: keys that bypass the limit.
TEST(Table, NoKeyOfATeamGetsAroundItsLimit) {
  const auto table = Table::Make({Of("ml", Scope::kTeam, "ml")}, policy::Utc());
  ASSERT_TRUE(table);
  for (const std::string_view key : {"k1", "k2", ""}) {
    Facts facts = kAlice;
    facts.key = key;
    EXPECT_EQ(Accounts(*table, facts), std::vector<std::string>{"ml"});
  }
}

TEST(Table, AnIdStandsOnce) {
  EXPECT_FALSE(Table::Make({Of("a", Scope::kUser), Of("a", Scope::kTeam)}, policy::Utc()));
}

// The obvious way: every limit is asked.
std::vector<std::string> Slowly(const std::vector<Limit>& limits, const Facts& facts) {
  std::vector<std::string> accounts;
  for (const Limit& limit : limits) {
    std::vector<std::pair<std::string, std::string>> met;
    const auto one = [&](std::string_view subject, std::string_view within = "") {
      met.emplace_back(subject, within);
    };
    switch (limit.scope) {
      case Scope::kOrganisation: accounts.push_back(limit.id); continue;
      case Scope::kTeam:
        for (const std::string_view team : facts.teams) one(team);
        break;
      case Scope::kUser: one(facts.user); break;
      case Scope::kKey: one(facts.key); break;
      case Scope::kKeyProvider: one(facts.key, facts.provider); break;
      case Scope::kKeyModel: one(facts.key, facts.model); break;
      case Scope::kProvider: one(facts.provider); break;
      case Scope::kModel: one(facts.model); break;
    }
    const bool is_pair = limit.scope == Scope::kKeyProvider || limit.scope == Scope::kKeyModel;
    for (const auto& [subject, within] : met) {
      if (!limit.subject.empty() && limit.subject != subject) continue;
      if (!limit.within.empty() && limit.within != within) continue;
      std::string account = limit.id;
      if (limit.subject.empty()) account += "/" + subject;
      if (is_pair && limit.within.empty()) account += "/" + within;
      accounts.push_back(account);
    }
  }
  std::sort(accounts.begin(), accounts.end());
  return accounts;
}

TEST(Table, AnswersAsTheObviousWayDoes) {
  std::vector<Limit> limits;
  int number = 0;
  for (const Scope scope : {Scope::kTeam, Scope::kUser, Scope::kKey, Scope::kKeyProvider, Scope::kKeyModel,
                            Scope::kProvider, Scope::kModel})
    for (const char* subject : {"", "ml", "alice", "k7", "anthropic", "claude-opus-5-5", "other"})
      for (const char* within : {"", "anthropic", "claude-opus-5-5"}) {
        const bool is_pair = scope == Scope::kKeyProvider || scope == Scope::kKeyModel;
        if (*within != '\0' && !is_pair) continue;
        limits.push_back(Of("l" + std::to_string(number++), scope, subject, within));
      }
  limits.push_back(Of("all", Scope::kOrganisation));
  const auto table = Table::Make(limits, policy::Utc());
  ASSERT_TRUE(table);
  EXPECT_EQ(Accounts(*table, kAlice), Slowly(limits, kAlice));
}

}  // namespace
}  // namespace postern::limits
