#include "collector/cli/reach.h"

#include <gtest/gtest.h>

namespace postern::cli {
namespace {

TEST(Reach, SaysHowManyHostsHaveAcknowledged) {
  EXPECT_EQ(ProgressText(0, 1), "0 of 1 host that holds it has acknowledged");
  EXPECT_EQ(ProgressText(1, 1), "1 of 1 host that holds it has acknowledged");
  EXPECT_EQ(ProgressText(0, 3), "0 of 3 hosts that hold it have acknowledged");
  EXPECT_EQ(ProgressText(1, 3), "1 of 3 hosts that hold it has acknowledged");
  EXPECT_EQ(ProgressText(3, 3), "3 of 3 hosts that hold it have acknowledged");
}

}  // namespace
}  // namespace postern::cli
