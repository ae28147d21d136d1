// The collector is away while an agent works on: its whole record arrives when it comes back.
#include <cstdio>

#include <gtest/gtest.h>

#include "shared/base/log.h"
#include "tests/end_to_end/fleet/station.h"
#include "tests/end_to_end/fleet/until.h"

namespace postern::end_to_end {
namespace {

constexpr int kExchanges = 10'000;

TEST(Away, TenThousandExchangesArriveInOrderWhenTheCollectorIsBack) {
  ConfigureLog(Level::kError, LogFormat::kText);
  Keep keep;
  keep.Start();
  Station station(keep);
  station.Open();
  ASSERT_TRUE(Until([&] { return station.Settled(); }));
  keep.Kill();
  for (int i = 0; i < kExchanges / 2; ++i) station.Exchange();
  station.Close();  // the agent is started anew while its collector is away
  station.Open();
  for (int i = kExchanges / 2; i < kExchanges; ++i) station.Exchange();

  keep.Start();
  ASSERT_TRUE(Until([&] { return station.uplink().welcomed; }));
  const auto took = Until([&] { return station.Settled(); });
  ASSERT_TRUE(took) << station.uplink().trouble;
  std::printf("%d exchanges arrived in %.2f s: %.0f events/s\n", kExchanges, took->count(),
              2 * kExchanges / took->count());

  // In order and whole, or the collector would have refused some: it verifies each chain.
  ASSERT_TRUE(Until([&] { return keep.Requests() == kExchanges; })) << keep.Requests();
  EXPECT_EQ(keep.Metric("postern_collector_refused_total{reason=\"unverified\"}"), 0);
  EXPECT_EQ(keep.Metric("postern_collector_refused_total{reason=\"fork\"}"), 0);
  EXPECT_EQ(keep.Metric("postern_collector_holes_total"), 0);
  station.Close();
  EXPECT_EQ(keep.Stop().code, 0);
  const support::Finished check = keep.Run({"check"});
  EXPECT_EQ(check.ending.code, 0) << check.output << check.errors;
}

}  // namespace
}  // namespace postern::end_to_end
