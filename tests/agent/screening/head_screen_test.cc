#include "agent/screening/head_screen.h"

#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/base/hex.h"
#include "shared/secrets/redaction.h"
#include "tests/agent/screening/rules.h"

namespace postern::screening {
namespace {

using Outcome = Screened::Outcome;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const secrets::KeyedHash& SomeHash() {
  static const secrets::KeyedHash kHash("thirty-two bytes that are secret");
  return kHash;
}

ScreenedHead ScreenOf(const std::vector<HeadPart>& parts, const Terms& terms = SmallTerms()) {
  secrets::Workspace workspace(*terms.scanner);
  CleanHead clean;
  return ScreenHead(parts, terms, workspace, {SomeHash(), clean});
}

std::string PlaceholderOf(std::string_view secret) {
  return secrets::PlaceholderFor(SomeKeys()->placeholder.view(), secret);
}

TEST(ScreenHead, WhatHasNoneGoesAsItIs) {
  const ScreenedHead screened =
      ScreenOf({{"", "/v1/messages?beta=true"}, {"anthropic-beta", "a,b"}, {"x", ""}});
  EXPECT_EQ(screened.outcome, Outcome::kClean);
  EXPECT_THAT(screened.values, IsEmpty());
}

TEST(ScreenHead, TakesSecretsOutOfHeadersAndTheTargetAndTellsWhere) {
  const ScreenedHead screened = ScreenOf({{"", "/v1/messages?key=" + BadgeOf(1)},
                                          {"accept", "*/*"},
                                          {"X-Gateway", "a " + BadgeOf(2) + ", " + BadgeOf(3) + " b"}});
  ASSERT_EQ(screened.outcome, Outcome::kRedacted);
  EXPECT_THAT(screened.values,
              ElementsAre("/v1/messages?key=" + PlaceholderOf(BadgeOf(1)), "*/*",
                          "a " + PlaceholderOf(BadgeOf(2)) + ", " + PlaceholderOf(BadgeOf(3)) + " b"));
  ASSERT_EQ(screened.found.size(), 3u);
  EXPECT_EQ(screened.found[0].place, (Place{.part = "target"}));
  EXPECT_EQ(screened.found[1].place, (Place{.part = "header", .tool = "X-Gateway"}));
  EXPECT_EQ(screened.found[1].fingerprint, FingerprintOf(SomeKeys()->fingerprint.view(), BadgeOf(2)));
}

TEST(ScreenHead, AHeadersNameMakesItsValueASecretAndNoOthers) {
  const std::string value = "abcdefghij0123456789";
  EXPECT_THAT(ScreenOf({{"x-secret", value}}).values, ElementsAre(PlaceholderOf(value)));
  EXPECT_EQ(ScreenOf({{"x-secret", ""}, {value, "x"}}).outcome, Outcome::kClean);
  EXPECT_EQ(ScreenOf({{"x-secret", " "}, {"y", value}}).outcome, Outcome::kClean);
}

TEST(ScreenHead, ThePolicySaysWhatIsDone) {
  const std::string badge = BadgeOf(1);
  const std::vector<HeadPart> parts = {{"", "/v1/messages"}, {"x-badge", badge}};
  EXPECT_EQ(ScreenOf(parts, TermsOf("  secrets: [{action: warn}]\n")).outcome, Outcome::kClean);
  EXPECT_THAT(ScreenOf(parts, TermsOf("  secrets: [{action: off}]\n")).found, IsEmpty());
  const ScreenedHead blocked = ScreenOf(parts, TermsOf("  secrets: [{action: block}]\n"));
  ASSERT_EQ(blocked.outcome, Outcome::kBlocked);
  EXPECT_EQ(blocked.found[blocked.blocked_by].place.tool, "x-badge");
  const std::string fingerprint = ToHex(FingerprintOf(SomeKeys()->fingerprint.view(), BadgeOf(1)));
  EXPECT_THAT(
      ScreenOf(parts, TermsOf("secrets: {allowed: [{fingerprint: \"" + fingerprint + "\", reason: r}]}\n"))
          .found,
      IsEmpty());
}

TEST(ScreenHead, ANameCantBeTakenOutAndIsNotTold) {
  const ScreenedHead blocked = ScreenOf({{BadgeOf(1), "x"}});
  ASSERT_EQ(blocked.outcome, Outcome::kBlocked);
  EXPECT_EQ(blocked.found[0].place, (Place{.part = "header"}));
}

TEST(ScreenHead, OfVeryManyNoneLeaves) {
  std::string all;
  for (int i = 0; i < 400; ++i) all += BadgeOf(i) + " ";
  EXPECT_EQ(ScreenOf({{"x", all}}).outcome, Outcome::kTooMuch);
}

// Of one connection.
class KnownHeads : public testing::Test {
 protected:
  ScreenedHead Screen(const std::vector<HeadPart>& parts, const Terms& terms) {
    secrets::Workspace workspace(*terms.scanner);
    return ScreenHead(parts, terms, workspace, {SomeHash(), clean_});
  }
  CleanHead clean_;
};

TEST_F(KnownHeads, AreNotLookedAtAgainWhereTheySayTheSame) {
  const Terms terms = SmallTerms();
  const std::vector<HeadPart> head = {{"", "/v1/messages"}, {"x-a", "b"}};
  EXPECT_FALSE(Screen(head, terms).was_known);
  EXPECT_TRUE(Screen(head, terms).was_known);
  EXPECT_EQ(Screen(head, terms).outcome, Outcome::kClean);
  EXPECT_FALSE(Screen({{"", "/v1/messages"}, {"x-a", "c"}}, terms).was_known);
  EXPECT_FALSE(Screen({{"", "/v1/messages"}, {"x-b", "c"}}, terms).was_known);
  EXPECT_FALSE(Screen({{"", "/v1/messages"}}, terms).was_known);
}

TEST_F(KnownHeads, AreLookedAtAgainByOtherRules) {
  const std::vector<HeadPart> head = {{"", "/v1/messages"}, {"x-a", "b"}};
  const Terms terms = SmallTerms();
  EXPECT_FALSE(Screen(head, terms).was_known);
  Terms others = terms;
  auto scanner = secrets::Scanner::Make(terms.scanner->rules(), {});
  ASSERT_TRUE(scanner);
  others.scanner = std::make_shared<const secrets::Scanner>(*std::move(scanner));
  EXPECT_FALSE(Screen(head, others).was_known);
  EXPECT_TRUE(Screen(head, others).was_known);
}

// What the policy lets through today it may not let through tomorrow.
TEST_F(KnownHeads, AreOnlyThoseInWhichNothingIsFound) {
  const std::string badge = BadgeOf(1);
  const std::vector<HeadPart> head = {{"", "/v1/messages"}, {"x-badge", badge}};
  const Terms terms = TermsOf("  secrets: [{action: warn}]\n");
  EXPECT_EQ(Screen(head, terms).outcome, Outcome::kClean);
  EXPECT_FALSE(Screen(head, terms).was_known);
  EXPECT_EQ(Screen(head, SmallTerms()).outcome, Outcome::kRedacted);
}

// Heads of few parts in any order, with what is known and without.
TEST_F(KnownHeads, SayWhatALookAtThemSays) {
  const std::string badge = BadgeOf(1), secret = "abcdefghij0123456789";
  const std::vector<HeadPart> some = {{"x-a", "b"},     {"x-a", ""},        {"x-secret", secret},
                                      {"x-secret", ""}, {"accept", secret}, {"x-b", badge},
                                      {"x-b", "b"}};
  std::mt19937 random(5);
  const Terms terms = SmallTerms();
  for (int round = 0; round < 500; ++round) {
    std::vector<HeadPart> head = {{"", "/v1/messages"}};
    for (size_t left = random() % 3; left > 0; --left) head.push_back(some[random() % some.size()]);
    const ScreenedHead known = Screen(head, terms), fresh = ScreenOf(head, terms);
    ASSERT_EQ(known.outcome, fresh.outcome);
    ASSERT_EQ(known.values, fresh.values);
    ASSERT_EQ(known.found.size(), fresh.found.size());
  }
}

}  // namespace
}  // namespace postern::screening
