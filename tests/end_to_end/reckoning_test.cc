#include "tests/end_to_end/reckoning.h"

#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::end_to_end {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr WallTime kNow{seconds(1'795'435'200)};
const HolderName kA{"a", 7};

// One agent, a limit of 100; it has spent 40, and an exchange of it has reserved 50 until a second from now.
class Refusals : public testing::Test {
 protected:
  Refusals() {
    reckoning_.Add({kA, kNow - seconds(9), kNow - seconds(8), 45, 40});
    reckoning_.Add({kA, kNow - seconds(5), kNow + seconds(1), 50, 30});
  }

  // A round that was over a tenth of a second ago, and what everybody held then.
  void Prove(const std::string& held, const std::string& amount = "100") {
    reckoning_.ReadProofs("2026-11-23T12:00:00.000000001Z debug something else x=1\n" +
                          FormatRfc3339(kNow - std::chrono::milliseconds(90)) +
                          " debug too little is left, as everybody was asked account=usd began=" +
                          std::to_string((kNow - seconds(1)).time_since_epoch().count()) + " ended=" +
                          std::to_string((kNow - std::chrono::milliseconds(100)).time_since_epoch().count()) +
                          " amount=" + amount + " denied=z:1:3,a:7:3 held=" + held + "\n");
  }
  // Refused now.
  void Refuse(int64_t wanted, int64_t left, uint64_t demand = 3, int64_t behind = 0) {
    reckoning_.ReadRefusals(
        "a", FormatRfc3339(kNow) + " debug too little is left account=usd exchange=e incarnation=7 demand=" +
                 std::to_string(demand) + " wanted=" + std::to_string(wanted) +
                 " missing=" + std::to_string(wanted + behind) + " left=" + std::to_string(left) + "\n");
  }
  std::string Wrong() const {
    const Reckoned reckoned = reckoning_.Reckon();
    return reckoned.wrong.empty() ? "" : reckoned.wrong.front();
  }

  Reckoning reckoning_{"usd", 100};
};

TEST_F(Refusals, AreRightWhereLessIsFreeThanWasAsked) {
  Prove("a:7:95:40:5");
  Refuse(11, 10);
  const Reckoned reckoned = reckoning_.Reckon();
  EXPECT_THAT(reckoned.wrong, ElementsAre());
  EXPECT_EQ(reckoned.right, 1u);
  EXPECT_EQ(reckoned.least_short, 1);
}

TEST_F(Refusals, AreWrongWhereThatWasFree) {
  Prove("a:7:95:40:5");
  Refuse(10, 10);
  EXPECT_THAT(Wrong(), HasSubstr("10 was neither spent, nor reserved, nor out of reach"));
}

TEST_F(Refusals, AreWrongWhereTheLedgerKeptSomethingBack) {
  Prove("a:7:95:40:5", "95");
  Refuse(10, 5);
  EXPECT_THAT(Wrong(), HasSubstr("10 was neither spent"));
}

TEST_F(Refusals, AreWrongWhereAnAgentHoardedSomething) {
  Prove("a:7:100:40:0");
  Refuse(10, 0);
  EXPECT_THAT(Wrong(), HasSubstr("10 was neither spent"));
}

TEST_F(Refusals, AreWrongWhereAHolderHasNoExchangesAtAll) {
  Prove("a:7:90:40:0,b:1:10:0:0");
  Refuse(10, 0);
  EXPECT_THAT(Wrong(), HasSubstr("10 was neither spent"));
}

TEST_F(Refusals, AreRightByWhatAnAgentHoldsThatIsDown) {
  reckoning_.AddOutage("b", kNow - seconds(2), kNow);
  Prove("a:7:90:40:0,b:1:10:0:0:away");
  Refuse(10, 0);
  const Reckoned reckoned = reckoning_.Reckon();
  EXPECT_EQ(reckoned.right_by_down, 1u) << Wrong();
  EXPECT_EQ(reckoned.most_down, 10);
}

TEST_F(Refusals, AreCountedApartWhereAnAgentDidNotAnswerThoughItRan) {
  reckoning_.AddOutage("b", kNow - seconds(9), kNow - seconds(2));
  reckoning_.AddOutage("a", kNow - seconds(2), kNow);
  Prove("a:7:90:40:0,b:1:10:0:0:away");
  Refuse(10, 0);
  const Reckoned reckoned = reckoning_.Reckon();
  EXPECT_EQ(reckoned.right_by_unheard, 1u) << Wrong();
  EXPECT_EQ(reckoned.most_unheard, 10);
}

TEST_F(Refusals, AreWrongWhereWhatIsOutOfReachIsLessThanWhatIsFree) {
  reckoning_.AddOutage("", kNow - seconds(2), kNow);
  Prove("a:7:90:40:0,b:1:5:0:0:away");
  Refuse(5, 5);
  EXPECT_THAT(Wrong(), HasSubstr("5 was neither spent"));
}

TEST_F(Refusals, AreHeldAgainstWhatWasReservedInTheRoundAndNotAfterIt) {
  // Begun after the round: what the ledger says to be held isn't explained by it.
  reckoning_.Add({kA, kNow + seconds(2), kNow + seconds(3), 10, 10});
  Prove("a:7:100:40:0");
  Refuse(10, 0);
  EXPECT_THAT(Wrong(), HasSubstr("10 was neither spent"));
}

TEST_F(Refusals, NeedAProofThatNamesThem) {
  Prove("a:7:95:40:5");
  Refuse(11, 10, 4);
  EXPECT_THAT(Wrong(), HasSubstr("no proof"));
}

TEST_F(Refusals, AreHeldAgainstTheBooksInWhatTheyWereTold) {
  Prove("a:7:95:40:5");
  Refuse(11, 9);
  EXPECT_THAT(Wrong(), HasSubstr("told that 9 is left, and the books say 10"));
}

// Of 93 that it holds 46 are spent and 50 reserved: whoever wants 5 lacks 8, and 7 are left.
TEST_F(Refusals, AreRightWhereItsAgentHasToMakeUpForWhatItSpentBeyondAReservation) {
  reckoning_.Add({kA, kNow - seconds(9), kNow - seconds(8), 3, 6});
  Prove("a:7:93:46:0");
  Refuse(5, 7, 3, 3);
  EXPECT_EQ(Wrong(), "");
}

TEST_F(Refusals, AreWrongWhereItsAgentSaysSoAndEventsDoNot) {
  reckoning_.Add({kA, kNow - seconds(9), kNow - seconds(8), 3, 3});
  Prove("a:7:93:43:0");
  Refuse(5, 7, 3, 3);
  EXPECT_THAT(Wrong(), HasSubstr("7 was neither spent"));
}

TEST_F(Refusals, AreWrongWhereItsAgentHasLessToMakeUpForThanItSays) {
  reckoning_.Add({kA, kNow - seconds(9), kNow - seconds(8), 3, 6});
  Prove("a:7:93:46:0");
  Refuse(4, 7, 3, 6);
  EXPECT_THAT(Wrong(), HasSubstr("4 was neither spent"));
}

TEST_F(Refusals, AreWrongWhereTheBooksCountAlreadyWhatIsToBeMadeUpFor) {
  reckoning_.Add({kA, kNow - seconds(9), kNow - seconds(8), 1, 15});
  Prove("a:7:52:55:0");
  Refuse(45, 48, 3, 3);
  EXPECT_THAT(Wrong(), HasSubstr("45 was neither spent"));
}

TEST_F(Refusals, OfAnAgentThatHasOverspentCountThatOnce) {
  reckoning_.Add({kA, kNow - seconds(9), kNow - seconds(8), 20, 62});  // 102 in all
  Prove("a:7:90:102:0");
  Refuse(3, 10);  // −2 of all, and 12 are overspent
  EXPECT_EQ(Wrong(), "");
}

}  // namespace
}  // namespace postern::end_to_end
