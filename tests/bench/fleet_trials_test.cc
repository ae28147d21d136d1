#include "tests/bench/fleet_trials.h"

#include <gtest/gtest.h>

#include "shared/base/log.h"
#include "tests/bench/report.h"
#include "tests/support/temporary_directory.h"

namespace postern::bench {
namespace {

TEST(FleetTrials, EveryAgentOfASmallFleetHearsOfEachRevocation) {
  ConfigureLog(Level::kError, LogFormat::kText);
  const support::TemporaryDirectory directory;
  Settings settings;
  settings.site.directory = directory / "work";
  std::filesystem::create_directories(settings.site.directory);
  settings.repetitions = 3;
  Arena arena(settings);
  const auto row = MeasureRevocation(arena, 50);
  ASSERT_TRUE(row) << row.error().message;
  std::printf("%s\n%s\n", TableHeader().c_str(), TableLine(*row).c_str());
}

}  // namespace
}  // namespace postern::bench
