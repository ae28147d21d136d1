// Many agents and one collector, which is killed and comes back. POSTERN_FLEET=1000 makes it the size of an
// organisation; README.md has what it printed.
#include "tests/end_to_end/fleet/fleet.h"

#include <cstdio>
#include <cstdlib>
#include <thread>

#include <gtest/gtest.h>

#include "shared/base/log.h"
#include "tests/end_to_end/fleet/until.h"

namespace postern::end_to_end {
namespace {

constexpr int kFew = 25;
constexpr int kEvents = 20;

int Agents() {
  const char* count = std::getenv("POSTERN_FLEET");
  return count == nullptr ? kFew : std::atoi(count);
}

// How long the collector is away before the storm. After 45 s all agents pause as long as they ever do.
std::chrono::seconds Away() { return std::chrono::seconds(Agents() > kFew ? 45 : 1); }

void Print(const char* what, double value, const char* unit) {
  std::printf("%-48s %10.2f %s\n", what, value, unit);
}

class FleetTest : public testing::Test {
 protected:
  void SetUp() override {
    ConfigureLog(Level::kError, LogFormat::kText);
    keep_.Start();
  }

  Keep keep_;
  Fleet fleet_{keep_};
};

TEST_F(FleetTest, EverythingArrivesOnceThoughTheCollectorIsKilledAndAllComeBackAtOnce) {
  const auto begin = std::chrono::steady_clock::now();
  fleet_.Enrol(Agents());
  const double count = static_cast<double>(fleet_.size());
  Print("agents", count, "");
  Print("enrolled in", std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(), "s");

  const double before = static_cast<double>(keep_.resident_bytes());
  fleet_.Connect();
  auto took = Until([&] { return fleet_.welcomed() == fleet_.size() && fleet_.settled() == fleet_.size(); });
  ASSERT_TRUE(took) << fleet_.welcomed() << " were welcomed, " << fleet_.settled() << " settled";
  Print("all welcomed, their starts stored", took->count(), "s");
  Print("collector's memory a connection",
        (static_cast<double>(keep_.resident_bytes()) - before) / count / 1000, "kB");

  const auto appending = std::chrono::steady_clock::now();
  fleet_.Append(kEvents);
  took = Until([&] { return fleet_.settled() == fleet_.size(); });
  ASSERT_TRUE(took) << fleet_.settled() << " settled";
  const std::chrono::duration<double> taking = std::chrono::steady_clock::now() - appending;
  Print("made, sealed, verified, stored, acknowledged", count * kEvents / taking.count(), "events/s");

  fleet_.Append(kEvents);  // some of it is on the way when it dies
  keep_.Kill();
  ASSERT_TRUE(Until([&] { return fleet_.connected() == 0; }));
  fleet_.Append(kEvents);
  std::this_thread::sleep_for(Away());
  keep_.Start();
  took = Until([&] { return fleet_.welcomed() == fleet_.size(); });
  ASSERT_TRUE(took) << fleet_.welcomed() << " were welcomed";
  Print("after a restart all welcomed again in", took->count(), "s");
  took = Until([&] { return fleet_.settled() == fleet_.size(); });
  ASSERT_TRUE(took) << fleet_.settled() << " settled";
  Print("and all that had waited acknowledged after another", took->count(), "s");
  Print("collector's memory in all", static_cast<double>(keep_.resident_bytes()) / 1e6, "MB");
  Print("events sent for each that there is",
        static_cast<double>(fleet_.sent()) / static_cast<double>(fleet_.events()), "");

  EXPECT_EQ(keep_.Metric("postern_collector_refused_total{reason=\"fork\"}"), 0);
  EXPECT_EQ(keep_.Metric("postern_collector_refused_total{reason=\"unverified\"}"), 0);
  EXPECT_EQ(keep_.Metric("postern_collector_agents{state=\"connected\"}"), count);
  // The log has every event once, and the collector's own besides.
  EXPECT_GE(keep_.Metric("postern_collector_log_entries"), static_cast<double>(fleet_.events()));
  EXPECT_EQ(keep_.Stop().code, 0);
  const support::Finished check = keep_.Run({"check"});
  EXPECT_EQ(check.ending.code, 0) << check.output << check.errors;
}

}  // namespace
}  // namespace postern::end_to_end
