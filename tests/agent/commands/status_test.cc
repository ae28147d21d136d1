#include "agent/commands/status.h"

#include <gtest/gtest.h>

namespace postern::commands {
namespace {

TEST(Status, ShowsAMemberALine) {
  EXPECT_EQ(
      StatusRows("{\"version\":\"1\",\"spool_bytes\":12,\"upstream\":\"a:b,c\\\"}\",\"credential\":true}\n"),
      "version      1\n"
      "spool bytes  12\n"
      "upstream     a:b,c\"}\n"
      "credential   true\n");
}

TEST(Status, ShowsEachEntryOfAListAfterwards) {
  EXPECT_EQ(StatusRows(
                R"({"paid":2,"limits":[{"account":"a","used":1.50,"left_at_collector":3},{"account":"b"}]})"),
            "paid  2\n"
            "limits: a, used 1.50, left at collector 3\n"
            "limits: b\n");
}

TEST(Status, AListMayBeEmpty) { EXPECT_EQ(StatusRows(R"({"paid":2,"limits":[]})"), "paid  2\n"); }

}  // namespace
}  // namespace postern::commands
