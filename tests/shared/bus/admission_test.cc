#include "shared/bus/admission.h"

#include <gtest/gtest.h>

namespace postern::bus {
namespace {

const CurveKey kKey{1};
const CurveKey kOther{2};

TEST(Admission, KnowsNobodyAtFirst) {
  const Admission admission;
  EXPECT_EQ(admission.StandingOf(kKey), Standing::kUnknown);
  EXPECT_EQ(admission.AgentOf(kKey), std::nullopt);
}

TEST(Admission, AnAdmittedKeyIsThatAgentAndNoOtherKeyIs) {
  Admission admission;
  admission.Admit(kKey, "agent1");
  EXPECT_EQ(admission.StandingOf(kKey), Standing::kAdmitted);
  EXPECT_EQ(admission.AgentOf(kKey), "agent1");
  EXPECT_EQ(admission.StandingOf(kOther), Standing::kUnknown);
}

TEST(Admission, ARevokedKeyIsNobodyAndRemembered) {
  Admission admission;
  admission.Admit(kKey, "agent1");
  admission.Revoke(kKey);
  EXPECT_EQ(admission.StandingOf(kKey), Standing::kRevoked);
  EXPECT_EQ(admission.AgentOf(kKey), std::nullopt);
}

TEST(Admission, EachChangeMakesANewVersion) {
  Admission admission;
  const uint64_t first = admission.version();
  admission.Admit(kKey, "agent1");
  const uint64_t second = admission.version();
  admission.Revoke(kKey);
  EXPECT_LT(first, second);
  EXPECT_LT(second, admission.version());
}

TEST(Admission, ADismissedKeyComesInNoMoreButItsConnectionStaysUntilItIsRevoked) {
  Admission admission;
  admission.Dismiss(kKey);
  EXPECT_EQ(admission.StandingOf(kKey), Standing::kUnknown);
  admission.Admit(kKey, "agent1");
  admission.Dismiss(kKey);
  EXPECT_EQ(admission.StandingOf(kKey), Standing::kRevoked);
  EXPECT_EQ(admission.AgentOf(kKey), "agent1");
  admission.Revoke(kKey);
  EXPECT_EQ(admission.AgentOf(kKey), std::nullopt);
  admission.Admit(kKey, "agent1");
  EXPECT_EQ(admission.StandingOf(kKey), Standing::kAdmitted);
}

}  // namespace
}  // namespace postern::bus
