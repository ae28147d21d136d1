#include "agent/commands/event_rows.h"

#include <gtest/gtest.h>

#include "tests/agent/spool/events.h"

namespace postern::commands {
namespace {

TEST(EventRows, AnExchangeIsARowWhenItHasEnded) {
  EventRows rows;
  wire::Event intent = spool::Intent(1);
  intent.set_wall_time(1'700'000'000'000'000'000);
  EXPECT_EQ(rows.Add(intent), "");
  EXPECT_EQ(rows.Open().size(), 1u);
  wire::Event outcome = spool::Outcome(1);
  outcome.mutable_outcome()->set_cost_nano_dollars(12'300'000);
  outcome.mutable_outcome()->mutable_usage()->set_input(1200);
  outcome.mutable_outcome()->mutable_usage()->set_cache_read(30'000);
  outcome.mutable_outcome()->mutable_usage()->set_cache_write_5m(5);
  outcome.mutable_outcome()->set_total_ns(12'345'000'000);
  EXPECT_EQ(rows.Add(outcome),
            "2023-11-14 22:13:20  ada               claude-sonnet-4-5                200      1200      "
            "30005         7"
            "      $0.0123     12.3s  complete");
  EXPECT_TRUE(rows.Open().empty());
}

TEST(EventRows, RefusalsGapsStartsAndStopsAreSeen) {
  EventRows rows;
  EXPECT_NE(rows.Add(spool::Refusal()).find("refused: no_key"), std::string::npos);
  wire::Event many = spool::Refusal();
  many.mutable_refusal()->set_times(40);
  EXPECT_NE(rows.Add(many).find("refused: no_key (40 times)"), std::string::npos);
  EXPECT_NE(rows.Add(spool::Stop()).find("the agent stopped: terminated"), std::string::npos);
  wire::Event gap;
  gap.mutable_gap()->set_intents(3);
  EXPECT_NE(rows.Add(gap).find("not recorded are 3 requests"), std::string::npos);
  EXPECT_NE(rows.Add(wire::Event()).find("later version"), std::string::npos);
}

TEST(EventRows, ControlCharactersNeverReachTheTerminal) {
  EventRows rows;
  wire::Event refusal = spool::Refusal();
  refusal.mutable_refusal()->set_model("\x1b[2Jevil");
  refusal.mutable_refusal()->set_reason("\r\n\x7f");
  for (const char c : rows.Add(refusal)) EXPECT_FALSE(static_cast<uint8_t>(c) < 0x20 || c == 0x7f);
}

TEST(FormatCost, HasFourDigits) {
  EXPECT_EQ(FormatCost(0, false), "$0.0000");
  EXPECT_EQ(FormatCost(1, false), "<$0.0001");
  EXPECT_EQ(FormatCost(149'999, false), "$0.0001");
  EXPECT_EQ(FormatCost(150'000, false), "$0.0002");
  EXPECT_EQ(FormatCost(1'234'567'890, true), "~$1.2346");
}

}  // namespace
}  // namespace postern::commands
