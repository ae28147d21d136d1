#include "collector/intake/allowance.h"

#include <gtest/gtest.h>

namespace postern::intake {
namespace {

using namespace std::chrono_literals;

TEST(Allowance, SoManyAtOnceAndOneMoreAfterEachInterval) {
  const BootTime start{std::chrono::hours(1)};
  Allowance allowance(3, 1s);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(allowance.Take(start));
  EXPECT_FALSE(allowance.Take(start));
  EXPECT_TRUE(allowance.Take(start + 1s));
  EXPECT_FALSE(allowance.Take(start + 1s));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(allowance.Take(start + 1h));
  EXPECT_FALSE(allowance.Take(start + 1h));
}

}  // namespace
}  // namespace postern::intake
