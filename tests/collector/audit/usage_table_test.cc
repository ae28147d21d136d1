#include "collector/audit/usage_table.h"

#include <gtest/gtest.h>

#include "tests/collector/audit/log_of.h"

namespace postern::audit {
namespace {

TEST(UsageTable, RowsAreGroupedAndSummed) {
  const auto store = store::MakeMemoryStore();
  LogOf log(*store);
  const store::Spending spent{.requests = 1,
                              .input = 10,
                              .output = 2,
                              .cache_read = 3,
                              .cache_write = 4,
                              .nano_dollars = 1'500'000'000};
  log.Add(Outcome(ExchangeAt(At(0), 1)), {.time = At(10), .user = "ada", .model = "m"}, spent);
  log.Add(Outcome(ExchangeAt(At(0), 2)), {.time = At(4000), .user = "ada", .model = "m"}, spent);
  log.Add(Outcome(ExchangeAt(At(0), 3)), {.time = At(10), .user = "bob", .model = "m"}, spent);
  const auto query =
      ParseUsageQuery({{"by", "user,model"}, {"from", "1970-01-01"}, {"to", "1970-01-01T01:30:00Z"}}, At(0));
  ASSERT_TRUE(query);
  EXPECT_EQ(
      *UsageJson(*store, *query),
      R"({"from":"1970-01-01T00:00:00.000000000Z","to":"1970-01-01T02:00:00.000000000Z","by":["user","model"],"rows":[)"
      R"({"user":"ada","model":"m","requests":2,"input":20,"output":4,"cache_read":6,"cache_write":8,)"
      R"("nano_dollars":3000000000,"dollars":"3.000000000"},)"
      R"({"user":"bob","model":"m","requests":1,"input":10,"output":2,"cache_read":3,"cache_write":4,)"
      R"("nano_dollars":1500000000,"dollars":"1.500000000"}],)"
      R"("total":{"requests":3,"input":30,"output":6,"cache_read":9,"cache_write":12,)"
      R"("nano_dollars":4500000000,"dollars":"4.500000000"}})");
}

TEST(UsageTable, DollarsKeepEveryDigit) {
  EXPECT_EQ(Dollars(0), "0.000000000");
  EXPECT_EQ(Dollars(1), "0.000000001");
  EXPECT_EQ(Dollars(12'345'600'000), "12.345600000");
  EXPECT_EQ(Dollars(-1'000'000'001), "-1.000000001");
  EXPECT_EQ(Dollars(INT64_MIN), "-9223372036.854775808");
}

}  // namespace
}  // namespace postern::audit
