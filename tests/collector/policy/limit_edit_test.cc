#include "collector/policy/limit_edit.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/limits/policy_limits.h"
#include "shared/policy/zone.h"
#include "tests/collector/policy/desk.h"

namespace postern::policies {
namespace {

using testing::HasSubstr;
using testing::Not;
using Outcome = Attempt::Outcome;

wire::PolicyLimit LimitOf(const std::string& value) {
  const auto file = policy::ReadPolicy(Text("limits: {one: " + value + "}\n"), "policy.yaml", {}, WallTime());
  EXPECT_TRUE(file) << file.error().message;
  return file ? file->policy.limits(0) : wire::PolicyLimit();
}

TEST(LimitEdit, ALimitIsWrittenAsPeopleWriteIt) {
  for (const char* value :
       {"{team: ml, usd: 500, per: month}", "{each: user, usd: 0.05, per: day, rolling: true}",
        "{each: [key, model], requests: 60, per: minute}", "{key: k7, each: provider, tokens: 1, per: hour}",
        "{concurrent: 4, admission: strict}",
        "{usd: 1, per: week, raise: {by: 0.50, until: 2026-12-31}, message: \"ask #money\"}",
        "{user: alice@example.com, usd: 1, per: year, raise: {by: 1, until: 2026-12-31T18:00:00Z}}"}) {
    const wire::PolicyLimit limit = LimitOf(value);
    wire::PolicyLimit again = LimitOf(LimitValue(limit, policy::Utc()));
    EXPECT_EQ(again.SerializeAsString(), limit.SerializeAsString()) << value;
  }
  EXPECT_EQ(LimitValue(LimitOf("{per: month, usd: 500.00, team: ml}"), policy::Utc()),
            "{team: ml, usd: 500, per: month}");
}

// What is written is what is read, of limits of every kind.
TEST(LimitEdit, EveryLimitComesBackAsItWas) {
  std::mt19937 random(11);
  for (int round = 0; round < 2000; ++round) {
    wire::PolicyLimit limit;
    limit.set_id("one");
    limit.set_scope(static_cast<wire::LimitScope>(random() % 8));
    if (limit.scope() != wire::LIMIT_SCOPE_ORGANISATION && random() % 2 == 0) limit.set_subject("a b: {#}");
    const bool is_pair =
        limit.scope() == wire::LIMIT_SCOPE_KEY_PROVIDER || limit.scope() == wire::LIMIT_SCOPE_KEY_MODEL;
    if (is_pair && random() % 2 == 0) limit.set_within("m-1");
    limit.set_unit(static_cast<wire::LimitUnit>(random() % 4));
    limit.set_amount(static_cast<int64_t>(random()) * 1'000'003);
    if (limit.unit() != wire::LIMIT_UNIT_CONCURRENT) {
      limit.set_span(static_cast<wire::LimitSpan>(random() % 6));
      limit.set_rolling(random() % 2 == 0);
    }
    limit.set_strict(random() % 2 == 0);
    if (random() % 2 == 0) {
      limit.set_raise(static_cast<int64_t>(random()));
      limit.set_raise_until(1 + static_cast<int64_t>(random() % 4'000'000'000));
    }
    if (random() % 2 == 0) limit.set_message("it's \"so\": #1");
    ASSERT_TRUE(limits::FromWire(limit));
    const std::string value = LimitValue(limit, policy::Utc());
    EXPECT_EQ(LimitOf(value).SerializeAsString(), limit.SerializeAsString()) << value;
  }
}

class LimitEdits : public Desk {
 protected:
  // Sets the limit, as the API does.
  Attempt Set(const std::string& id, const std::string& value, Force force = Force::kNo) {
    wire::PolicyLimit limit = LimitOf(value);
    limit.set_id(id);
    auto attempt = policies->Edit(
        house.actor, {"limit.set", "limit", id}, "limit " + id + " set",
        [&](const Issued& in_force) {
          const auto before = LimitIn(in_force.policy, id);
          return WithLimit(in_force.source, before ? std::optional(*before) : std::nullopt, limit,
                           in_force.policy.time_zone());
        },
        force);
    EXPECT_TRUE(attempt) << attempt.error().message;
    return *std::move(attempt);
  }
};

TEST_F(LimitEdits, EachIsAVersionAndTheRestOfTheTextStays) {
  const std::string text = Text(
      "\n# Money\nlimits:\n  # agreed in May\n  month: {usd: 500, per: month}  # all of us\n  day:\n    "
      "each: user\n"
      "    # ask finance first\n    usd: 100\n    per: day\n");
  Applied(text);
  EXPECT_EQ(Set("month", "{usd: 600, per: month}").outcome, Outcome::kDone);
  EXPECT_EQ(Set("day", "{each: user, usd: 120.5, per: day, raise: {by: 50, until: 2030-01-01}}").outcome,
            Outcome::kDone);
  EXPECT_EQ(Set("rate", "{each: key, requests: 60, per: minute}").outcome, Outcome::kDone);
  const auto current = *policies->Current();
  EXPECT_EQ(current->version.version, 5u);
  EXPECT_EQ(current->version.how, "limit rate set");
  EXPECT_EQ(current->source,
            Text("\n# Money\nlimits:\n  # agreed in May\n  month: {usd: 600, per: month}  # all of us\n"
                 "  day:\n    each: user\n    # ask finance first\n    usd: 120.50\n    per: day\n"
                 "    raise: {by: 50, until: 2030-01-01}\n  rate: {each: key, requests: 60, per: minute}\n"));
  EXPECT_EQ(current->policy.limits_size(), 3);
  EXPECT_EQ(LimitIn(current->policy, "day")->raise(), 50'000'000'000);
  EXPECT_EQ(house.LastAct(), "limit.set done rate limit rate set, by version 5 of the policy");
  EXPECT_EQ(told, 4);
  house.ExpectSound();
}

TEST_F(LimitEdits, WhatCannotBeEditedIsRefusedAndRecorded) {
  Applied(Text("limits: {a: {usd: 5, per: day}}\n"));
  const wire::PolicyLimit limit = LimitOf("{usd: 6, per: day}");
  const auto refused = policies->Edit(
      house.actor, {"limit.set", "limit", "one"}, "limit one set",
      [&](const Issued& in_force) {
        return WithLimit(in_force.source, std::nullopt, limit, in_force.policy.time_zone());
      },
      Force::kNo);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("change the text and apply it"));
  EXPECT_THAT(house.LastAct(), HasSubstr("limit.set refused one "));
  EXPECT_EQ(InForce(), 2u);
}

TEST_F(LimitEdits, ADoubtNeedsForce) {
  house.Team("ml");
  const Attempt attempt = Set("a", "{team: slaes, usd: 5, per: day}");
  EXPECT_EQ(attempt.outcome, Outcome::kNeedsForce);
  EXPECT_THAT(attempt.sentence, HasSubstr("there is no team slaes"));
  EXPECT_EQ(Set("a", "{team: slaes, usd: 5, per: day}", Force::kYes).outcome, Outcome::kDone);
  EXPECT_EQ(Set("a", "{team: slaes, usd: 5, per: day}", Force::kYes).outcome, Outcome::kUnchanged);
}

TEST_F(LimitEdits, AnotherUnitUnderTheSameNameIsRefusedWhoeverForcesIt) {
  EXPECT_EQ(Set("a", "{usd: 5, per: day}").outcome, Outcome::kDone);
  for (const char* const other : {"{tokens: 5, per: day}", "{requests: 5, per: day}", "{concurrent: 5}"}) {
    const Attempt attempt = Set("a", other, Force::kYes);
    EXPECT_EQ(attempt.outcome, Outcome::kWrong) << other;
    EXPECT_THAT(attempt.sentence, HasSubstr("limits.a: in version 2 it counts dollars, here ")) << other;
    EXPECT_THAT(attempt.sentence, HasSubstr("needs another name"));
  }
  EXPECT_EQ(InForce(), 2u);
  EXPECT_EQ(Set("a", "{usd: 6, per: week, rolling: true}").outcome, Outcome::kDone) << "the same unit";
  EXPECT_EQ(Set("b", "{tokens: 5, per: day}").outcome, Outcome::kDone) << "another name";
}

TEST_F(LimitEdits, OneThatComesBackInAnotherUnitNeedsForce) {
  EXPECT_EQ(Set("a", "{usd: 5, per: month}").outcome, Outcome::kDone);
  Applied(Text("limits:\n  b: {usd: 5, per: day}\n"));
  Applied(Text("limits:\n  b: {usd: 6, per: day}\n"));
  const Attempt attempt = Set("a", "{tokens: 5, per: month}");
  EXPECT_EQ(attempt.outcome, Outcome::kNeedsForce);
  EXPECT_THAT(attempt.sentence, HasSubstr("limits.a: in version 2 it counts dollars, here tokens"));
  EXPECT_EQ(Set("a", "{usd: 7, per: month}").outcome, Outcome::kDone) << "in its own it just goes on";
  Applied(Text("limits:\n  b: {usd: 6, per: day}\n"));
  EXPECT_EQ(Set("a", "{tokens: 5, per: month}", Force::kYes).outcome, Outcome::kDone);
}

TEST_F(LimitEdits, ADifferenceNamesIt) {
  const Attempt attempt = Set("a", "{usd: 5, per: day}");
  ASSERT_EQ(attempt.assessment.comparison.differences.size(), 1u);
  EXPECT_EQ(attempt.assessment.comparison.differences[0].matter, "limit a");
  EXPECT_EQ(attempt.assessment.comparison.differences[0].after, "$5 a day");
}

TEST_F(LimitEdits, WhereOnlyOfflineSignedPoliciesCountNothingIsEdited) {
  const crypto::SigningKey offline = crypto::SigningKey::Generate();
  Open(offline.public_key());
  const auto refused = policies->Edit(
      house.actor, {"limit.set", "limit", "a"}, "limit a set",
      [](const Issued& in_force) -> Result<std::string> { return in_force.source + "\n"; }, Force::kNo);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("signed offline"));
  EXPECT_THAT(house.LastAct(), HasSubstr("limit.set refused a "));
}

TEST_F(LimitEdits, AnExchangeMeetsTheLimitsOfItsLevels) {
  house.Team("evaluation");
  house.User("eve@example.com", "evaluation");
  Apply(Text("teams: {research: {teams: {evaluation: {}}}}\n"
             "limits:\n"
             "  all: {usd: 5, per: day}\n"
             "  research: {team: research, usd: 5, per: day}\n"
             "  other: {team: other, usd: 5, per: day}\n"
             "  day: {each: user, usd: 5, per: day}\n"
             "  opus: {model: claude-opus-5, usd: 5, per: day}\n"
             "  rate: {each: key, requests: 5, per: day}\n"
             "offline: {allowance: 20%}\n"),
        {}, Force::kYes);
  Question question;
  question.user = "eve@example.com";
  question.model = "claude-opus-5-20260101";
  const auto explained = policies->Explain(question);
  ASSERT_TRUE(explained) << explained.error().message;
  std::vector<std::string> accounts;
  for (const MetLimit& met : explained->limits) accounts.push_back(met.account);
  EXPECT_THAT(accounts, testing::ElementsAre("all", "research", "day/eve@example.com", "opus"));
}

}  // namespace
}  // namespace postern::policies
