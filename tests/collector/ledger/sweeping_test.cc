// What the ledger doesn't keep for ever.
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "tests/collector/ledger/ledgers.h"

namespace postern::ledger {
namespace {

using limits::kAlways;
using limits::Word;
using std::chrono::hours;
using std::chrono::seconds;

limits::Demand WantSlots(uint64_t number, int64_t amount, int64_t granted, int64_t returned) {
  limits::Demand demand = Want(number, "slots", amount);
  demand.claims[0].window = kAlways;
  demand.claims[0].granted = Amount(granted);
  demand.claims[0].returned = Amount(returned);
  return demand;
}

limits::Return SlotsHeld(int64_t granted, int64_t returned) {
  return {.recall = 0, .held = {{"slots", kAlways, {Amount(granted), {}, Amount(returned)}}}};
}

// The rows as they are on the disk.
class Rows {
 public:
  void Write(Output& output) {
    for (const PoolRecord& pool : output.pools) Put(pool.account, pool.erased);
    for (const HoldingRecord& one : output.holdings)
      Put(one.account + "/" + one.holder.agent + "/" + std::to_string(one.holder.incarnation), one.erased);
    output.Clear();
  }
  size_t size() const { return names_.size(); }

 private:
  void Put(const std::string& name, bool erased) {
    if (erased) names_.erase(name);
    else names_.insert(name);
  }
  std::set<std::string> names_;
};

TEST(Sweeping, HostsThatComeAndGoLeaveNoRowsOfSlotsBehind) {
  Ledger ledger({}, Limits(10));
  Output output;
  Rows rows;
  WallTime now = kNow;
  size_t most = 0;
  for (int host = 0; host < 24 * 30; ++host, now += hours(1)) {
    const Holder holder{"host" + std::to_string(host), 1};
    ledger.Receive(holder, Want(1, "slots", 2), now, output);
    ledger.Tick(now, output);
    ASSERT_EQ(output.messages.back().answer.word, Word::kGranted) << host;
    rows.Write(output);
    most = std::max(most, rows.size());
  }
  EXPECT_LE(most, 1u + 72u + 2u);
  ledger.Tick(now + hours(73), output);
  rows.Write(output);
  EXPECT_EQ(rows.size(), 0u);
}

TEST(Sweeping, SlotsOfWhoIsHeardAreKept) {
  Ledger ledger({}, Limits(10));
  Output output;
  ledger.Receive(kA, Want(1, "slots", 3), kNow, output);
  for (WallTime now = kNow; now < kNow + hours(80); now += seconds(30)) {
    ledger.Heard(kA, now, now);
    ledger.Tick(now, output);
  }
  EXPECT_EQ(ledger.Statements("slots", kNow + hours(80)).at(0).left, Amount(1));
}

// The slots of A are swept; B has some.
class AfterDays : public testing::Test {
 protected:
  AfterDays() {
    ledger_.Receive(kA, Want(1, "slots", 3), kNow, output_);
    ledger_.Tick(now_, output_);  // the lease
    ledger_.Tick(now_ += seconds(1), output_);
    ledger_.Receive(kB, Want(1, "slots", 2), now_, output_);
    output_.Clear();
  }
  Amount left() const { return ledger_.Statements("slots", now_).at(0).left; }
  const limits::Answer& said() const { return output_.messages.back().answer; }

  Ledger ledger_{{}, Limits(10)};
  Output output_;
  WallTime now_ = kNow + hours(73);
};

TEST_F(AfterDays, WhoComesBackIsToldThatItsSlotsAreGivenBack) {
  EXPECT_FALSE(ledger_.Knows(kA, "slots", kAlways));
  EXPECT_FALSE(ledger_.IsBeyond(kA, "slots", kAlways, Amount(3), now_));
  ledger_.Resend(kA, SlotsHeld(3, 1), now_, output_);
  ASSERT_EQ(output_.messages.size(), 1u);
  ASSERT_EQ(said().standings.size(), 1u);
  EXPECT_EQ(said().standings[0].granted, Amount(3));
  EXPECT_EQ(said().standings[0].returned, Amount(3));
  EXPECT_EQ(left(), Amount(2));
}

TEST_F(AfterDays, WhoHasGivenBackItsSlotsIsToldNothingAndIsGrantedMoreOnTopOfThem) {
  ledger_.Resend(kA, SlotsHeld(3, 3), now_, output_);
  EXPECT_TRUE(output_.messages.empty());
  ledger_.Receive(kA, WantSlots(2, 2, 3, 3), now_, output_);
  ASSERT_EQ(output_.messages.size(), 1u);
  EXPECT_EQ(said().word, Word::kGranted);
  EXPECT_EQ(said().number, 2u);
  EXPECT_EQ(said().standings[0].granted, Amount(5));
  EXPECT_EQ(said().standings[0].returned, Amount(3));
  EXPECT_EQ(left(), Amount(0));
  EXPECT_EQ(output_.holdings.back().counters, (limits::Counters{Amount(5), {}, Amount(3)}));
}

TEST_F(AfterDays, WhoTakesSomeForItsOwnStillIsToldAndGrantedNothing) {
  ledger_.Receive(kA, WantSlots(2, 2, 3, 1), now_, output_);
  ASSERT_EQ(output_.messages.size(), 1u);
  EXPECT_EQ(said().number, 0u);
  EXPECT_EQ(said().standings[0].returned, Amount(3));
  EXPECT_EQ(left(), Amount(2));
  EXPECT_TRUE(output_.alarms.empty());
  EXPECT_FALSE(ledger_.is_halted());
  ledger_.Receive(kA, WantSlots(3, 2, 3, 3), now_, output_);
  EXPECT_EQ(said().number, 3u);
  EXPECT_EQ(left(), Amount(0));
}

TEST_F(AfterDays, AReturnOfThemChangesNothing) {
  ledger_.Receive(kA, SlotsHeld(3, 3), now_, output_);
  ledger_.Receive(kA, SlotsHeld(3, 0), now_, output_);
  EXPECT_TRUE(output_.holdings.empty());
  EXPECT_FALSE(ledger_.is_halted());
  EXPECT_EQ(left(), Amount(2));
}

TEST_F(AfterDays, IsTheSameAfterACrash) {
  ledger_ = Ledger::Restore({}, Limits(10), {}, {}, WallTime::min(), now_);
  ledger_.Receive(kA, WantSlots(2, 2, 3, 3), now_, output_);
  const std::vector<HoldingRecord> holdings = output_.holdings;
  ledger_ = Ledger::Restore({}, Limits(10), {}, holdings, WallTime::min(), now_);
  output_.Clear();
  limits::Demand again = WantSlots(3, 2, 5, 3);
  again.claims[0].spare = Amount(2);
  ledger_.Receive(kA, again, now_, output_);
  EXPECT_EQ(said().standings[0].granted, Amount(5)) << "it has them";
  EXPECT_EQ(left(), Amount(2));
}

TEST(Sweeping, AWindowsRowsAreErasedDaysAfterItsEnd) {
  Ledger ledger({}, Limits(10));
  Output output;
  Rows rows;
  ledger.Receive(kA, Want(1, "usd", 3), kNow, output);
  rows.Write(output);
  EXPECT_EQ(rows.size(), 2u);
  ledger.Tick(kToday.end + hours(71), output);
  rows.Write(output);
  EXPECT_EQ(rows.size(), 2u);
  ledger.Tick(kToday.end + hours(73), output);
  rows.Write(output);
  EXPECT_EQ(rows.size(), 0u);
}

}  // namespace
}  // namespace postern::ledger
