#include "collector/treasury/claims.h"

#include <gtest/gtest.h>

#include "tests/collector/treasury/desk.h"

namespace postern::treasury {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::nanoseconds;

const Holder kA{"a", 1};

TEST(Claims, AWindowLiesWithinLivingMemoryAndIsNoLongerThanAYear) {
  EXPECT_TRUE(IsSound(limits::kAlways));
  EXPECT_TRUE(IsSound(Today()));
  EXPECT_TRUE(IsSound({kNow, kNow + days(366)}));
  EXPECT_FALSE(IsSound({kNow, kNow}));
  EXPECT_FALSE(IsSound({kNow + hours(1), kNow}));
  EXPECT_FALSE(IsSound({kNow, kNow + days(400)}));
  EXPECT_FALSE(IsSound({WallTime::min(), WallTime::max() - nanoseconds(1)}));
  EXPECT_FALSE(IsSound({WallTime::max() - hours(1), WallTime::max()}));
  EXPECT_FALSE(IsSound({WallTime::min(), WallTime::min() + hours(1)}));
}

TEST(Claims, AClockThatIsAbsurdIsBroughtNear) {
  const ledger::Ledger ledger({}, TermsOf(10).limits);
  for (const WallTime at : {WallTime::min(), WallTime::max()}) {
    limits::Demand demand = Want(1, 1);
    demand.at = at;
    EXPECT_EQ(Judge(ledger, kA, demand, kNow), Verdict::kGood);
    EXPECT_LT(std::chrono::abs(demand.at - kNow), days(401));
  }
}

TEST(Claims, OfAWindowThatIsLongOverNothingIsTakenAndNothingProven) {
  const ledger::Ledger ledger({}, TermsOf(10).limits);
  const WallTime later = Today().end + hours(73);
  limits::Demand demand = Want(1, 1);
  demand.claims[0].window = Today();
  demand.claims[0].granted = Amount(5);
  EXPECT_EQ(Judge(ledger, kA, demand, later), Verdict::kLate);
  EXPECT_EQ(Judge(ledger, kA, demand, kNow), Verdict::kBeyond);
  limits::Return returned{.recall = 1, .held = {Holds(5, 0, 5)}};
  EXPECT_EQ(Judge(ledger, kA, returned, later), Verdict::kGood);
  EXPECT_TRUE(returned.held.empty());
  std::vector<limits::Charge> charges = {Cost(1, 1)};
  EXPECT_TRUE(Screen(ledger, charges, later));
  EXPECT_TRUE(charges.empty());
}

TEST(Claims, ChargesOfAWindowThatCannotBeAreLeftOutAndTheOthersStay) {
  const ledger::Ledger ledger({}, TermsOf(10).limits);
  std::vector<limits::Charge> charges = {Cost(1, 1), Cost(2, 2), Cost(3, 3)};
  charges[1].window = {kNow, kNow};
  EXPECT_FALSE(Screen(ledger, charges, kNow));
  ASSERT_EQ(charges.size(), 2u);
  EXPECT_EQ(charges[1].amount, Amount(3));
}

}  // namespace
}  // namespace postern::treasury
