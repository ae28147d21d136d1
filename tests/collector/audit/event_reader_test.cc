#include "collector/audit/event_reader.h"

#include <gtest/gtest.h>

#include "tests/collector/audit/log_of.h"

namespace postern::audit {
namespace {

std::vector<uint64_t> LeavesOf(const std::vector<store::StoredEvent>& events) {
  std::vector<uint64_t> leaves;
  for (const store::StoredEvent& event : events) leaves.push_back(static_cast<uint64_t>(event.leaf));
  return leaves;
}

using Leaves = std::vector<uint64_t>;

class EventReaderTest : public testing::Test {
 protected:
  EventAnswer Ask(const Parameters& parameters) {
    const auto answer = reader_.Query(*ParseEventQuery(parameters));
    EXPECT_TRUE(answer) << answer.error().message;
    return *answer;
  }
  Leaves Shown(std::string_view id, const std::optional<std::string>& user = {}) {
    const auto events = reader_.Show(id, user);
    return events ? LeavesOf(*events) : Leaves{};
  }

  std::unique_ptr<store::Store> store_ = store::MakeMemoryStore();
  LogOf log_{*store_};
  EventReader reader_{*store_};
};

TEST_F(EventReaderTest, AnEmptyLogEndsBeforeItsBeginning) {
  EXPECT_EQ(Ask({}).last, -1);
  EXPECT_EQ(Ask({{"after", "-1"}}).last, -1);
}

TEST_F(EventReaderTest, PagesComeTheNewestFirstAndMeetEachOther) {
  for (uint8_t i = 0; i < 5; ++i)
    log_.Add(Intent(ExchangeAt(At(i), i), "ada"), {.time = At(i), .user = "ada"});
  log_.Add(Intent(ExchangeAt(At(9), 9), "bob"), {.time = At(9), .user = "bob"});
  const EventAnswer first = Ask({{"user", "ada"}, {"limit", "3"}});
  EXPECT_EQ(LeavesOf(first.events), (Leaves{4, 3, 2}));
  EXPECT_EQ(first.last, 5);
  const EventAnswer second = Ask({{"user", "ada"}, {"limit", "3"}, {"cursor", *first.next}});
  EXPECT_EQ(LeavesOf(second.events), (Leaves{1, 0}));
  EXPECT_FALSE(second.next);
}

TEST_F(EventReaderTest, WhoFollowsTheLogMissesNothingAndGetsNothingTwice) {
  for (uint8_t i = 0; i < 6; ++i)
    log_.Add(Intent(ExchangeAt(At(i), i), "x"), {.time = At(i), .user = i % 2 == 0 ? "ada" : "bob"});
  EventAnswer answer = Ask({{"user", "ada"}, {"after", "-1"}, {"limit", "2"}});
  EXPECT_EQ(LeavesOf(answer.events), (Leaves{0, 2}));
  EXPECT_EQ(answer.last, 2);
  answer = Ask({{"user", "ada"}, {"after", std::to_string(answer.last)}, {"limit", "2"}});
  EXPECT_EQ(LeavesOf(answer.events), (Leaves{4}));
  EXPECT_EQ(answer.last, 5);
  answer = Ask({{"user", "ada"}, {"after", std::to_string(answer.last)}});
  EXPECT_TRUE(answer.events.empty());
  EXPECT_EQ(answer.last, 5);
  log_.Add(Intent(ExchangeAt(At(9), 9), "x"),
           {.time = At(1), .user = "ada"});  // an older one that comes later
  EXPECT_EQ(LeavesOf(Ask({{"user", "ada"}, {"after", "5"}}).events), (Leaves{6}));
}

TEST_F(EventReaderTest, AnEventIsShownByItsPlace) {
  log_.Add(Outcome(ExchangeAt(At(1), 1)), {.time = At(1), .user = "ada"});
  EXPECT_EQ(Shown("0"), (Leaves{0}));
  EXPECT_EQ(reader_.Show("1", {}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(reader_.Show("-1", {}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(reader_.Show("x", {}).error().code, ErrorCode::kInvalid);
}

TEST_F(EventReaderTest, AnExchangeIsItsIntentAndItsOutcome) {
  const ExchangeId mine = ExchangeAt(At(1000), 1);
  const ExchangeId other = ExchangeAt(At(1000), 2);
  const ExchangeId refused = ExchangeAt(At(1000), 3);
  const ExchangeId open = ExchangeAt(At(1000), 4);
  const store::EventFacts ada{.time = At(1000), .user = "ada", .key = "k", .session = "s"};
  log_.Add(Intent(mine, "ada"), ada);
  log_.Add(Intent(other, "ada"), ada);
  log_.Add(Outcome(other), ada);
  log_.Add(Refusal(refused, "ada"), ada);
  log_.Add(Intent(open, "ada"), ada);
  store::EventFacts later = ada;
  later.time = At(5000);
  log_.Add(Outcome(mine), later);
  EXPECT_EQ(Shown(mine.ToString()), (Leaves{0, 5}));
  EXPECT_EQ(Shown(other.ToString()), (Leaves{1, 2}));
  EXPECT_EQ(Shown(refused.ToString()), (Leaves{3}));
  EXPECT_EQ(Shown(open.ToString()), (Leaves{4}));
  EXPECT_EQ(reader_.Show(ExchangeAt(At(1000), 9).ToString(), {}).error().code, ErrorCode::kNotFound);
}

TEST_F(EventReaderTest, OthersEventsAreNotFound) {
  const ExchangeId exchange = ExchangeAt(At(1000), 1);
  log_.Add(Intent(exchange, "bob"), {.time = At(1000), .user = "bob"});
  log_.Add(Outcome(exchange), {.time = At(1001), .user = "bob"});
  EXPECT_EQ(Shown("1", "bob"), (Leaves{1}));
  EXPECT_EQ(reader_.Show("1", "ada").error(), reader_.Show("7", "ada").error());
  EXPECT_EQ(Shown(exchange.ToString(), "bob"), (Leaves{0, 1}));
  EXPECT_EQ(reader_.Show(exchange.ToString(), "ada").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace postern::audit
