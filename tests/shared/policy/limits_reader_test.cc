#include "shared/policy/limits_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/policy/compiled.h"
#include "shared/policy/limit_words.h"
#include "shared/policy/limits.h"
#include "shared/policy/zone.h"
#include "tests/shared/policy/policy_text.h"

namespace postern::policy {
namespace {

using testing::HasSubstr;

std::string Wrong(const std::string& rest) {
  const auto file = ReadText(rest);
  if (file) return "";
  EXPECT_EQ(file.error().code, ErrorCode::kInvalid);
  return file.error().message;
}

std::string WrongLimit(const std::string& limit) { return Wrong("limits:\n  one: {" + limit + "}\n"); }

wire::PolicyLimit Read(const std::string& limit) {
  const auto file = ReadText("limits:\n  one: {" + limit + "}\n");
  EXPECT_TRUE(file) << file.error().message;
  return file ? file->policy.limits(0) : wire::PolicyLimit();
}

// "WHOM: HOW MUCH".
std::string Said(const std::string& limit) {
  const wire::PolicyLimit read = Read(limit);
  return WhomText(read) + ": " + LimitText(read, Utc(), kNoon);
}

TEST(LimitsReader, ATeamHasFiveHundredDollarsAMonthAndADeveloperAHundredADay) {
  EXPECT_EQ(Said("team: ml, usd: 500, per: month"), "team ml: $500 a month");
  EXPECT_EQ(Said("each: user, usd: 100, per: day"), "each user: $100 a day");
  EXPECT_EQ(Said("each: key, requests: 60, per: minute"), "each key: 60 requests a minute");
  EXPECT_EQ(Said("each: key, concurrent: 4"), "each key: 4 at once");
}

TEST(LimitsReader, EveryScopeIsThere) {
  EXPECT_EQ(Said("usd: 1, per: year"), "everybody: $1 a year");
  EXPECT_EQ(Said("each: team, usd: 1, per: week"), "each team: $1 a week");
  EXPECT_EQ(Said("user: alice@example.com, tokens: 1, per: hour"), "user alice@example.com: 1 token an hour");
  EXPECT_EQ(Said("key: k7, usd: 1, per: day"), "key k7: $1 a day");
  EXPECT_EQ(Said("provider: anthropic, usd: 1, per: day"), "provider anthropic: $1 a day");
  EXPECT_EQ(Said("each: model, usd: 1, per: day"), "each model: $1 a day");
  EXPECT_EQ(Said("each: [key, model], usd: 1, per: day"), "each key with each model: $1 a day");
  EXPECT_EQ(Said("each: key, model: claude-opus-5-5, usd: 1, per: day"),
            "each key with model claude-opus-5-5: $1 a day");
  EXPECT_EQ(Said("key: k7, each: provider, usd: 1, per: day"), "key k7 with each provider: $1 a day");
  const wire::PolicyLimit pair = Read("key: k7, model: m, usd: 1, per: day");
  EXPECT_EQ(pair.scope(), wire::LIMIT_SCOPE_KEY_MODEL);
  EXPECT_EQ(pair.subject(), "k7");
  EXPECT_EQ(pair.within(), "m");
}

TEST(LimitsReader, DollarsAreExactToTheNanoDollar) {
  EXPECT_EQ(Read("usd: 0.000000001, per: day").amount(), 1);
  EXPECT_EQ(Read("usd: 123456789.987654321, per: day").amount(), 123'456'789'987'654'321);
  EXPECT_EQ(Read("usd: 1000000000, per: day").amount(), kMostLimitAmount);
  EXPECT_THAT(WrongLimit("usd: 0.0000000001, per: day"), HasSubstr("at most 9 decimal places"));
  EXPECT_THAT(WrongLimit("usd: 1000000000.01, per: day"), HasSubstr("dollars from 0 to 1000000000"));
  EXPECT_NE(WrongLimit("usd: -1, per: day"), "");
  EXPECT_NE(WrongLimit("usd: 1e3, per: day"), "");
  EXPECT_EQ(DollarText(1), "0.000000001");
  EXPECT_EQ(DollarText(50'000'000), "0.05");
  EXPECT_EQ(DollarText(1'500'000'000), "1.50");
  EXPECT_EQ(DollarText(-1'500'000'000), "-1.50");
  EXPECT_EQ(DollarText(-500'000'000), "-0.50");
}

TEST(LimitsReader, ARaiseEnds) {
  const wire::PolicyLimit raised = Read("usd: 100, per: day, raise: {by: 50, until: 2026-12-31}");
  EXPECT_EQ(raised.raise(), 50'000'000'000);
  EXPECT_EQ(raised.raise_until(), 1'798'675'200);
  EXPECT_THAT(LimitText(raised, Utc(), kNoon), HasSubstr("$100 a day, and $50 more until "));
  EXPECT_EQ(LimitText(raised, Utc(), WallTime(std::chrono::seconds(1'798'675'200))), "$100 a day");
  EXPECT_THAT(WrongLimit("usd: 1, per: day, raise: {by: 50}"), HasSubstr("\"until\" is missing"));
  EXPECT_THAT(WrongLimit("usd: 1, per: day, raise: {by: 5, until: soon}"), HasSubstr("a date such as"));
  EXPECT_NE(WrongLimit("usd: 1000000000, per: day, raise: {by: 1, until: 2026-12-31}"), "");
}

TEST(LimitsReader, TheRestIsRead) {
  const wire::PolicyLimit limit =
      Read("usd: 1, per: hour, rolling: true, admission: strict, message: \"ask #money\"");
  EXPECT_TRUE(limit.rolling());
  EXPECT_TRUE(limit.strict());
  EXPECT_EQ(limit.message(), "ask #money");
  EXPECT_EQ(limit.span(), wire::LIMIT_SPAN_HOUR);
  EXPECT_FALSE(Read("usd: 1, per: hour, rolling: false, admission: estimated").strict());
  const auto file =
      ReadText("limits: {}\noffline: {allowance: 12.5%}\nadmission: {web_searches: 3, file_tokens: 900}\n");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->policy.ahead_permille(), 125U);
  EXPECT_EQ(file->policy.caps().web_searches(), 3U);
  EXPECT_EQ(file->policy.caps().file_tokens(), 900U);
}

TEST(LimitsReader, AnErrorNamesThePlaceAndWhatIsAllowed) {
  EXPECT_THAT(WrongLimit("team: ml, usd: 5, pre: month"),
              HasSubstr(":4: limits.one.pre: unknown key; did you mean \"per\"?"));
  EXPECT_THAT(WrongLimit("usd: 5, per: mont"), HasSubstr("did you mean \"month\"?"));
  EXPECT_THAT(WrongLimit("usd: 5"), HasSubstr("a limit without `per`"));
  EXPECT_THAT(WrongLimit("per: day"), HasSubstr("one of usd, tokens, requests, concurrent"));
  EXPECT_THAT(WrongLimit("usd: 5, tokens: 5, per: day"), HasSubstr("one amount a limit"));
  EXPECT_THAT(WrongLimit("concurrent: 5, per: day"), HasSubstr("counted at once"));
  EXPECT_THAT(WrongLimit("concurrent: 5, rolling: true"), HasSubstr("counted at once"));
  EXPECT_THAT(WrongLimit("team: ml, user: eve, usd: 5, per: day"), HasSubstr("isn't counted"));
  EXPECT_THAT(WrongLimit("each: [key, model, provider], usd: 5, per: day"), HasSubstr("isn't counted"));
  EXPECT_THAT(WrongLimit("each: key, key: k7, usd: 5, per: day"), HasSubstr("one of the two"));
  EXPECT_THAT(WrongLimit("each: group, usd: 5, per: day"), HasSubstr("one of team, user, key"));
  EXPECT_THAT(WrongLimit("requests: 1.5, per: day"), HasSubstr("a whole number"));
  EXPECT_THAT(Wrong("limits:\n  a/b: {usd: 5, per: day}\n"), HasSubstr("such as ml-month"));
  EXPECT_THAT(Wrong("limits:\n  one: {usd: 5, per: day}\n  one: {usd: 6, per: day}\n"), HasSubstr("twice"));
  EXPECT_THAT(Wrong("limits: [a]\n"), HasSubstr("a mapping"));
  for (const char* share : {"0%", "101%", "10", "1.25%", "%", "1.%", ".5%", "-1%", "1000%"})
    EXPECT_THAT(Wrong(std::string("offline: {allowance: \"") + share + "\"}\n"), HasSubstr("such as 10%"));
  EXPECT_NE(Wrong("admission: {web_searches: 0}\n"), "");
  EXPECT_NE(Wrong("admission: {searches: 1}\n"), "");
}

TEST(LimitsReader, NobodyMeetsMoreAccountsThanAnEventHasRoomFor) {
  std::string many = "limits:\n";
  for (int i = 0; i < 64; ++i) many += "  l" + std::to_string(i) + ": {each: key, requests: 1, per: day}\n";
  EXPECT_EQ(Wrong(many), "");
  EXPECT_THAT(Wrong(many + "  more: {usd: 1, per: day}\n"),
              HasSubstr("limits: one exchange might meet 65 of them"));
  // A team's limits are met by the teams within it.
  std::string teams = "teams: {a: {teams: {b: {teams: {c: {}}}}}, other: {}}\nlimits:\n";
  for (int i = 0; i < 22; ++i) {
    for (const char* team : {"a", "b", "other"})
      teams += std::string("  ") + team + std::to_string(i) + ": {team: " + team + ", usd: 1, per: day}\n";
  }
  EXPECT_EQ(Wrong(teams), "");
  EXPECT_EQ(Wrong(teams + "  t: {each: team, usd: 1, per: day}\n"), "");  // 44, and one for each of three
  for (int i = 0; i < 20; ++i) teams += "  c" + std::to_string(i) + ": {team: c, usd: 1, per: day}\n";
  EXPECT_EQ(Wrong(teams), "");
  EXPECT_THAT(Wrong(teams + "  c20: {team: c, usd: 1, per: day}\n"), HasSubstr("might meet 65"));
  // Subjects that are different people's don't add up.
  std::string others = "limits:\n";
  for (int i = 0; i < 200; ++i)
    others += "  l" + std::to_string(i) + ": {key: k" + std::to_string(i) + ", requests: 1, per: day}\n";
  EXPECT_EQ(Wrong(others), "");
}

}  // namespace
}  // namespace postern::policy
