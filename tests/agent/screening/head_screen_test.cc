#include "agent/screening/head_screen.h"

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

ScreenedHead ScreenOf(const std::vector<HeadPart>& parts, const Terms& terms = SmallTerms()) {
  secrets::Workspace workspace(*terms.scanner);
  return ScreenHead(parts, terms, workspace);
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

}  // namespace
}  // namespace postern::screening
