#include "tests/end_to_end/revocation_time.h"

#include <algorithm>
#include <cstdio>

#include <gtest/gtest.h>

namespace postern::end_to_end {
namespace {

// The quick form of the bench's row agent/revoke-ms. Printed, not judged.
TEST(RevocationTime, AStreamIsEndedSoonAfterTheCollectorHasAnswered) {
  constexpr int kTimes = 30;
  House house;
  Host host(house.Member());
  auto times = TimeRevocations(house, host, kTimes);
  ASSERT_TRUE(times) << times.error().message;
  std::sort(times->begin(), times->end());
  std::printf("from the collector's answer to the stream's last byte, ms: median %.1f, largest of %d %.1f\n",
              (*times)[kTimes / 2], kTimes, times->back());
}

}  // namespace
}  // namespace postern::end_to_end
