#include "tests/bench/report.h"

#include <limits>

#include <gtest/gtest.h>

#include "tests/bench/metrics.h"

namespace postern::bench {
namespace {

TEST(Report, ARowIsOneJsonObjectWithTheAgreedFields) {
  const Row row{.name = "agent/rss/idle",
                .unit = "MB",
                .ours = 30.25,
                .reference = 10,
                .reference_name = "nginx",
                .ratio = 3.025,
                .note = "x"};
  EXPECT_EQ(
      JsonLine(row),
      R"({"name":"agent/rss/idle","unit":"MB","ours":30.25,"reference":10,"reference_name":"nginx","ratio":3.025})");
}

TEST(Report, LargeNumbersAreWrittenOut) {
  EXPECT_NE(JsonLine({.name = "n",
                      .unit = "instr",
                      .ours = 123456.7,
                      .reference = 1,
                      .reference_name = "nginx",
                      .ratio = 1,
                      .note = ""})
                .find(R"("ours":123457,)"),
            std::string::npos);
}

TEST(Report, WhatCouldNotBeMeasuredIsNull) {
  const Row row{.name = "n",
                .unit = "us",
                .ours = 1,
                .reference = 0,
                .reference_name = "nginx",
                .ratio = std::numeric_limits<double>::quiet_NaN(),
                .note = ""};
  EXPECT_NE(JsonLine(row).find(R"("ratio":null})"), std::string::npos);
}

TEST(Metrics, ASampleIsFoundByItsWholeName) {
  const char* text = "# TYPE a histogram\npostern_a_count_total 7\npostern_a_count 42\npostern_a_sum 84.5\n";
  EXPECT_EQ(SampleIn(text, "postern_a_count"), 42);
  EXPECT_EQ(SampleIn(text, "postern_a_sum"), 84.5);
  EXPECT_EQ(SampleIn(text, "postern_a"), std::nullopt);
}

}  // namespace
}  // namespace postern::bench
