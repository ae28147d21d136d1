#include "collector/cli/event_row.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::cli {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Cells(const std::string& json) {
  const auto event = json::Parse(json);
  EXPECT_TRUE(event) << event.error().message;
  return EventCells(*event);
}

TEST(EventCells, ShowWhatAnExchangeUsedAndCost) {
  EXPECT_THAT(
      Cells(R"({"leaf":17,"agent":"k7x2m9q4w8ab","received_at":"2026-11-23T10:00:01.000000000Z","sha256":"00",
                "time":"2026-11-23T10:00:00.123456789Z","kind":"outcome","user":"alice@example.com","host":"build-1",
                "model":"claude-opus-4-6","decision":"allowed",
                "event":{"kind":"outcome","status":200,"ending":"complete","cost_nano_dollars":12345678,
                         "usage":{"input":10,"output":20,"cache_read":3,"cache_write_5m":4}}})"),
      ElementsAre("17", "2026-11-23 10:00:00", "outcome", "alice@example.com", "build-1", "claude-opus-4-6",
                  "allowed", "200 complete in 10 cache 7 out 20 $0.0123"));
}

TEST(EventCells, ShowWhoAdministeredWhat) {
  EXPECT_THAT(
      Cells(R"({"leaf":1,"agent":"collector","received_at":"2026-11-23T10:00:01Z","kind":"administration",
                        "event":{"kind":"administration","name":"first","action":"key.revoke","target":"k7x2m9q4w8ab",
                                 "outcome":"done"}})"),
      ElementsAre("1", "2026-11-23 10:00:01", "administration", "", "collector", "", "",
                  "first key.revoke k7x2m9q4w8ab done"));
}

TEST(EventCells, ShowRefusalsAndGapsAndWhatIsGone) {
  EXPECT_EQ(
      Cells(R"({"kind":"refusal","event":{"kind":"refusal","status":403,"reason":"no_key","times":12}})")
          .back(),
      "403 no_key 12 times");
  EXPECT_EQ(
      Cells(R"({"kind":"refusal","event":{"status":403,"reason":"policy","rule":"teams.ml.models.deny[0]"}})")
          .back(),
      "403 policy teams.ml.models.deny[0]");
  EXPECT_EQ(Cells(R"({"kind":"policy_change","event":{"policy_version":15,"outcome":"taken"}})").back(),
            "version 15 taken");
  EXPECT_EQ(Cells(R"({"kind":"gap","event":{"kind":"gap","reason":"full","intents":3,"outcomes":2}})").back(),
            "full: 3 requests, 2 outcomes not recorded");
  EXPECT_EQ(Cells(R"({"kind":"stop","event":null})").back(), "");
  EXPECT_EQ(Cells(R"({"kind":"a later one","event":{"sentence":"hello"}})").back(), "hello");
}

TEST(EventCells, HaveAColumnEach) { EXPECT_EQ(Cells("{}").size(), EventColumns().size()); }

TEST(FormatDollars, RoundsToFourDigits) {
  EXPECT_EQ(FormatDollars(0), "$0.0000");
  EXPECT_EQ(FormatDollars(1), "<$0.0001");
  EXPECT_EQ(FormatDollars(1'234'550'000), "$1.2346");
  EXPECT_EQ(FormatDollars(12'000'000'000), "$12.0000");
}

}  // namespace
}  // namespace postern::cli
