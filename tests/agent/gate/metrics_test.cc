#include "agent/gate/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::gate {
namespace {

using ::testing::HasSubstr;

TEST(Metrics, AreWhatPrometheusReads) {
  Metrics metrics;
  metrics.CountRefusal(Reason::kNoKey);
  metrics.CountExchange("messages", "complete");
  metrics.CountExchange("messages", "complete");
  pricing::Usage usage;
  usage.input = 10;
  usage.output = 3;
  metrics.CountUsage("claude-opus-5", usage, Amount(1'250'000'000));
  metrics.CountBytes(100, 200);
  metrics.ObserveOverhead(std::chrono::microseconds(60));
  metrics.Began();
  std::string text;
  metrics.AppendTo(text);
  EXPECT_THAT(text, HasSubstr("postern_refusals_total{reason=\"no_key\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("postern_refusals_total{reason=\"unknown_key\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("postern_exchanges_total{call=\"messages\",ending=\"complete\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("postern_tokens_total{model=\"claude-opus-5\",class=\"output\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("postern_cost_dollars_total{model=\"claude-opus-5\"} 1.25\n"));
  EXPECT_THAT(text, HasSubstr("postern_overhead_seconds_bucket{le=\"5e-05\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("postern_overhead_seconds_bucket{le=\"1e-04\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("postern_overhead_seconds_bucket{le=\"+Inf\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("postern_exchanges_in_flight 1\n"));
}

TEST(MetricsText, ALabelsValueCannotEndItsQuotes) {
  EXPECT_EQ(MetricsText::Label("m", "a\"b\\c\nd"), R"(m="a\"b\\c\nd")");
}

}  // namespace
}  // namespace postern::gate
