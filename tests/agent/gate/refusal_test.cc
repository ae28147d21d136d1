#include "agent/gate/refusal.h"

#include <gtest/gtest.h>

namespace postern::gate {
namespace {

const std::string kId = "req_01ARZ3NDEKTSV4RRFFQ69G5FAV";

std::string_view Find(const http::Answer& answer, std::string_view name) {
  for (const http::Header& header : answer.headers) {
    if (header.name == name) return header.value;
  }
  return "";
}

TEST(Refusal, IsTheClientsErrorShapeWithOurIdAndOurSentence) {
  const http::Answer answer = Render({Reason::kUnknownModel, "No \"price\".\nAsk us."}, kId);
  EXPECT_EQ(answer.status, 402);
  EXPECT_EQ(answer.body,
            R"({"type":"error","error":{"type":"permission_error","message":"No \"price\".\nAsk us."},)"
            R"("request_id":"req_01ARZ3NDEKTSV4RRFFQ69G5FAV"})");
  EXPECT_EQ(Find(answer, "request-id"), kId);
  EXPECT_EQ(Find(answer, "x-should-retry"), "false");
  EXPECT_EQ(Find(answer, "content-type"), "application/json");
}

TEST(Refusal, ADecisionIsNeverAServerErrorAndIsNeverTriedAgain) {
  for (int i = 0; i < kReasons; ++i) {
    const Refusal refusal{static_cast<Reason>(i), "x"};
    const http::Answer answer = Render(refusal, kId);
    const bool failure = answer.status >= 500;
    const bool may_try_again = Find(answer, "x-should-retry").empty();
    EXPECT_EQ(failure, static_cast<Reason>(i) >= Reason::kRecordFull) << Name(refusal.reason);
    // How long it waits is said by whoever refuses for money (money_refusals_test.cc).
    const bool waits = answer.status == 429;
    const bool is_money =
        refusal.reason >= Reason::kBudgetSpent && refusal.reason <= Reason::kIncarnationLost;
    if (!is_money) {
      EXPECT_EQ(waits, !Find(answer, "retry-after").empty()) << Name(refusal.reason);
    }
    if (!failure && !waits && refusal.reason != Reason::kTimedOut) {
      EXPECT_FALSE(may_try_again) << Name(refusal.reason);
    }
    EXPECT_FALSE(Name(refusal.reason).empty());
  }
}

TEST(Refusal, EveryKeyProblemIs401) {
  for (const Reason reason :
       {Reason::kNoKey, Reason::kForeignKey, Reason::kMalformedKey, Reason::kMistypedKey, Reason::kUnknownKey,
        Reason::kDisabledKey, Reason::kRevokedKey, Reason::kExpiredKey, Reason::kKeyNotForHost,
        Reason::kKeyNotForOsUser, Reason::kFrozen}) {
    EXPECT_EQ(StatusOf({reason, "x"}), 401) << Name(reason);
  }
}

TEST(Refusal, WhatThePolicyRefusesIs402ButForWhatMakesTheClientCompact) {
  for (int i = 0; i < kReasons; ++i) {
    const auto reason = static_cast<Reason>(i);
    if (!Name(reason).starts_with("policy_")) continue;
    EXPECT_EQ(StatusOf({reason, "x"}), reason == Reason::kPolicyContext ? 400 : 402) << Name(reason);
  }
}

TEST(Refusal, WhatWasRevokedIsToldFromWhatIsNotHeard) {
  EXPECT_EQ(EndingOf({Reason::kRevokedKey, "x"}), wire::ENDING_REVOKED);
  EXPECT_EQ(EndingOf({Reason::kFrozen, "x"}), wire::ENDING_REVOKED);
  EXPECT_EQ(EndingOf({Reason::kCollectorAway, "x"}), wire::ENDING_REFUSED_BY_POLICY);
}

TEST(Refusal, WhatOnlyTheCollectorKnowsIsAFailureWhileItIsAway) {
  const http::Answer answer = Render({Reason::kCollectorAway, "x"}, kId);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(Find(answer, "x-should-retry"), "false");
}

}  // namespace
}  // namespace postern::gate
