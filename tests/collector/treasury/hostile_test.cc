// An agent that says whatever it likes of money, with every number and window at its extremes. Nothing it
// says may stop the collector, and what is in memory is always what a restart makes of the rows.
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "collector/treasury/rows.h"
#include "tests/collector/treasury/desk.h"

namespace postern::treasury {
namespace {

class Liar {
 public:
  explicit Liar(uint32_t seed) : random_(seed) {}

  uint32_t Below(uint32_t most) { return static_cast<uint32_t>(random_()) % most; }

  Amount AnyAmount() {
    constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
    constexpr int64_t kValues[] = {std::numeric_limits<int64_t>::min(),
                                   -kMax,
                                   -1,
                                   0,
                                   0,
                                   1,
                                   2,
                                   5,
                                   9,
                                   int64_t{1} << 60,
                                   (int64_t{1} << 60) + 1,
                                   kMax - 1,
                                   kMax};
    return Amount(kValues[Below(std::size(kValues))]);
  }
  WallTime AnyTime() {
    switch (Below(6)) {
      case 0: return WallTime::min();
      case 1: return WallTime::max();
      case 2: return WallTime();
      case 3: return kNow + std::chrono::hours(24 * Below(800)) - std::chrono::hours(24 * 400);
      default: return kNow;
    }
  }
  limits::Window AnyWindow() {
    switch (Below(5)) {
      case 0: return limits::kAlways;
      case 1: return {AnyTime(), AnyTime()};
      case 2: return {Today().begin, Today().begin + std::chrono::hours(1)};
      default: return Today();
    }
  }
  std::string AnyAccount() {
    const char* const kAccounts[] = {"usd", "usd", "slots", "usd/alice", "gone", "/"};
    return kAccounts[Below(std::size(kAccounts))];
  }
  limits::Demand AnyDemand() {
    limits::Demand demand{.number = Below(8), .at = AnyTime(), .claims = {}};
    for (uint32_t i = 0; i <= Below(3); ++i) {
      limits::Claim& claim = demand.claims.emplace_back();
      claim.account = AnyAccount();
      if (Below(2) == 0) claim.window = AnyWindow();
      claim.amount = AnyAmount();
      claim.spare = AnyAmount();
      claim.granted = AnyAmount();
      claim.returned = AnyAmount();
      claim.ahead = AnyAmount();
    }
    return demand;
  }
  limits::Return AnyReturn() {
    limits::Return returned{.recall = Below(50), .held = {}};
    for (uint32_t i = 0; i <= Below(3); ++i)
      returned.held.push_back({AnyAccount(), AnyWindow(), {AnyAmount(), AnyAmount(), AnyAmount()}});
    return returned;
  }
  std::vector<limits::Charge> AnyCharges() {
    std::vector<limits::Charge> charges;
    for (uint32_t i = 0; i <= Below(3); ++i)
      charges.push_back({AnyAccount(), AnyWindow(), AnyAmount(), AnyAmount(), AnyAmount()});
    return charges;
  }

 private:
  std::minstd_rand random_;
};

// All that people are shown, but for how it is ordered in memory.
std::string AllOf(Desk& desk) {
  std::map<std::string, std::string> lines;
  for (const ledger::Statement& statement : desk.Statements("")) {
    std::string line = std::to_string(statement.amount.units()) + " " +
                       std::to_string(statement.spent.units()) + " " + std::to_string(statement.left.units());
    std::map<std::string, std::string> holders;
    for (const auto& [holder, counters] : statement.holders)
      holders[holder.agent + std::to_string(holder.incarnation)] =
          std::to_string(counters.granted.units()) + "-" + std::to_string(counters.returned.units()) + "-" +
          std::to_string(counters.used.units());
    for (const auto& [name, counters] : holders)
      if (counters != "0-0-0") line += " " + name + ":" + counters;
    lines[statement.account + "@" + std::to_string(statement.window.begin.time_since_epoch().count())] = line;
  }
  std::string all;
  for (const auto& [name, line] : lines) all += name + " " + line + "\n";
  return all;
}

void Live(uint32_t seed, uint64_t epoch) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Liar liar(seed);
  Desk desk(10);
  const std::vector<Holder> liars = {{"liar", 1}, {"liar", 2}, {"other", 1}};
  if (epoch > 1) desk.Open(epoch);
  for (const Holder& holder : liars) desk.treasury->Greet(holder, holder.incarnation, liar.AnyReturn(), kNow);
  for (int step = 0; step < 3'000; ++step) {
    const Holder& holder = liars[liar.Below(3)];
    std::vector<Settlement> settlements;
    switch (liar.Below(6)) {
      case 0: desk.treasury->GiveBack(holder, liar.AnyReturn()); break;
      case 1: settlements.push_back({holder, liar.AnyCharges()}); break;
      case 2:
        static_cast<void>(desk.treasury->Doubt(holder, liar.AnyReturn()));
        desk.treasury->Greet(holder, liar.Below(4), liar.AnyReturn(), liar.AnyTime());
        break;
      case 3:
        desk.treasury->Hear(holder, liar.AnyTime());
        desk.now += std::chrono::milliseconds(liar.Below(5'000));
        break;
      default: desk.treasury->Ask(holder, liar.AnyDemand()); break;
    }
    if (liar.Below(3) != 0 || !settlements.empty()) desk.MustTurn(std::move(settlements));
    if (step % 1'000 != 999) continue;
    desk.now += std::chrono::seconds(1);
    desk.MustTurn();  // what is to be swept is swept
    const std::string before = AllOf(desk);
    EXPECT_NE(before, "");
    ASSERT_EQ(*CheckRows(desk.store), std::vector<std::string>());
    desk.Open(epoch);
    EXPECT_EQ(AllOf(desk), before);
    for (const Holder& each : liars) desk.Greet(each);
  }
}

TEST(HostileAgent, WhateverIsSaidTheLedgerIsWhatItsRowsSay) {
  for (uint32_t seed = 1; seed <= 6; ++seed) Live(seed, 1);
}

TEST(HostileAgent, AndSoItIsAfterARestore) {
  for (uint32_t seed = 11; seed <= 13; ++seed) Live(seed, 2);
}

}  // namespace
}  // namespace postern::treasury
