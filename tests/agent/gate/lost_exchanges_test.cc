// What becomes of exchanges under way whose money is lost: a slot whose lease is over, a record that begins
// anew. Each is ended with its sentence, and billed once.
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/gate/money_refusals.h"
#include "tests/agent/gate/running_gate.h"

namespace postern::gate {
namespace {

using limits::Unit;
using purse::kDollar;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

// Three pieces of text, and then nothing more.
constexpr std::string_view kStalls = R"([[postern text "word " events=3 size=30 hold=never hold_after=6]])";
constexpr std::string_view kNeverBegins = "[[postern hold=never]]";
constexpr seconds kLease{45};

class LostExchanges : public RunningGate {
 public:
  // Sets the agent's clock forward, by steps that pass for drift; nobody is heard.
  void PassInSilence(seconds time) {
    keeper_->is_reachable = false;
    for (seconds passed{}; passed < time; passed += seconds(1)) {
      const BootTime now = loop_->now();
      purse_->OnHeard({now, now, clock_.At(now) + seconds(1), false});
    }
  }

  http::Task<void> BeginAnew(http::Strand& strand) {
    const uint64_t next = spool_->incarnation() + 1;
    bool begun = false;
    spool_->BeginIncarnation(next, [&](const Status& status) {
      EXPECT_TRUE(status);
      loop_->Post([&] { begun = true; });
    });
    co_await Until(strand, [&] { return begun; });
    purse_->Begin(next);
  }

  // Ends all, and reads what was recorded of each exchange.
  void ReadRecord() {
    const uint64_t last = spool_->incarnation();
    End();
    for (const wire::Event& event : spool::Events(spool::ReadAll(directory_ / "state"))) {
      if (event.has_intent()) ++intents[event.intent().exchange()];
      if (!event.has_outcome()) continue;
      EXPECT_EQ(event.incarnation(), last);
      outcomes[event.outcome().exchange()].push_back(event.outcome());
    }
    for (const auto& [exchange, times] : intents) {
      EXPECT_EQ(times, 1);
      EXPECT_EQ(outcomes[exchange].size(), 1U) << "one outcome for each intent";
    }
    EXPECT_EQ(outcomes.size(), intents.size());
  }

  std::map<std::string, int> intents;
  std::map<std::string, std::vector<wire::Outcome>> outcomes;
};

int64_t ChargedTo(const wire::Outcome& outcome, const std::string& account) {
  int64_t sum = 0;
  for (const wire::Charge& charge : outcome.charges())
    if (charge.account() == account) sum += charge.amount();
  return sum;
}

TEST_F(LostExchanges, AStreamWhoseSlotIsLostIsEndedWithItsSentenceAndBilledOnce) {
  Begin({LimitOf("once", Unit::kConcurrent, 2), LimitOf("month", Unit::kUsd, 10 * kDollar)});
  Run([](LostExchanges& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    const auto client = test.Ask(kStalls);
    co_await test.Until(strand, [&] { return client->has_words(); });
    EXPECT_EQ(test.purse_->in_flight(), 1U);
    test.PassInSilence(kLease);
    co_await test.Until(strand, [&] { return client->is_done(); });
    const std::string answer = client->Take();
    EXPECT_THAT(answer, HasSubstr("HTTP/1.1 200"));
    EXPECT_THAT(answer, HasSubstr("event: error"));
    EXPECT_THAT(answer, HasSubstr(LossRefusal(purse::Loss::kSlot).sentence));
    EXPECT_THAT(answer, Not(HasSubstr("message_stop")));
    co_await test.Until(strand, [&] { return test.purse_->in_flight() == 0; });
    EXPECT_EQ(test.BalanceOf("month").reserved, Amount());
  }(*this));
  const Amount used = BalanceOf("month").counters.used;
  ReadRecord();
  ASSERT_EQ(outcomes.size(), 1U);
  const wire::Outcome& outcome = outcomes.begin()->second.front();
  EXPECT_EQ(outcome.ending(), EndingOf(LossRefusal(purse::Loss::kSlot)));
  EXPECT_TRUE(outcome.estimated());
  EXPECT_GT(outcome.cost_nano_dollars(), 0);
  EXPECT_EQ(ChargedTo(outcome, "month"), outcome.cost_nano_dollars());
  EXPECT_EQ(used, Amount(outcome.cost_nano_dollars()));
}

TEST_F(LostExchanges, OneThatWaitsForItsAnswerIsRefusedWithTheSentenceAndCostsNothing) {
  Begin({LimitOf("once", Unit::kConcurrent, 2), LimitOf("month", Unit::kUsd, 10 * kDollar)});
  Run([](LostExchanges& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    const auto client = test.Ask(kNeverBegins);
    co_await test.Until(strand, [&] { return test.purse_->in_flight() == 1; });
    test.PassInSilence(kLease);
    co_await test.Until(strand, [&] { return client->is_done() && test.purse_->in_flight() == 0; });
    const std::string answer = client->Take();
    EXPECT_THAT(answer, HasSubstr("HTTP/1.1 402"));
    EXPECT_THAT(answer, HasSubstr(LossRefusal(purse::Loss::kSlot).sentence));
  }(*this));
  EXPECT_EQ(BalanceOf("month").counters.used, Amount());
  ReadRecord();
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_EQ(outcomes.begin()->second.front().cost_nano_dollars(), 0);
}

TEST_F(LostExchanges, WhenTheRecordBeginsAnewWhatIsInFlightIsEndedAndBilledOnce) {
  Begin({LimitOf("month", Unit::kUsd, 10 * kDollar)});
  int64_t cost = 0;
  Run([](LostExchanges& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    const auto streams = test.Ask(kStalls);
    co_await test.Until(strand, [&] { return streams->has_words(); });
    const auto waits = test.Ask(kNeverBegins);
    co_await test.Until(strand, [&] { return test.purse_->in_flight() == 2; });
    co_await test.BeginAnew(strand);
    co_await test.Until(strand, [&] { return streams->is_done(); });
    const std::string answer = streams->Take();
    EXPECT_THAT(answer, HasSubstr("event: error"));
    EXPECT_THAT(answer, HasSubstr(LossRefusal(purse::Loss::kIncarnation).sentence));
    EXPECT_THAT(answer, Not(HasSubstr("message_stop")));
    // What comes now is of the new incarnation, and pays there.
    const auto next = test.Ask(R"([[postern text "Here." output_tokens=100]])");
    co_await test.Until(strand, [&] { return next->is_done(); });
    EXPECT_THAT(next->Take(), HasSubstr("message_stop"));
    co_await test.Until(strand, [&] { return waits->is_done() && test.purse_->in_flight() == 0; });
    EXPECT_THAT(waits->Take(), HasSubstr(LossRefusal(purse::Loss::kIncarnation).sentence));
  }(*this));
  const Amount used = BalanceOf("month").counters.used;
  ReadRecord();
  ASSERT_EQ(outcomes.size(), 3U);
  int ended = 0;
  int charged = 0;
  for (const auto& [exchange, all] : outcomes) {
    const wire::Outcome& outcome = all.front();
    cost += outcome.cost_nano_dollars();
    if (outcome.ending() == wire::ENDING_COMPLETE) {
      ++charged;
      EXPECT_EQ(ChargedTo(outcome, "month"), outcome.cost_nano_dollars());
      EXPECT_EQ(used, Amount(outcome.cost_nano_dollars())) << "of the new incarnation, that one alone";
      continue;
    }
    ++ended;
    EXPECT_EQ(outcome.ending(), EndingOf(LossRefusal(purse::Loss::kIncarnation)));
    EXPECT_EQ(outcome.charges_size(), 0) << "what it had reserved is still held for the former incarnation";
  }
  EXPECT_EQ(ended, 2);
  EXPECT_EQ(charged, 1);
  EXPECT_GT(cost, 0);
  EXPECT_LE(keeper_->StatementOf("month").left, Amount(10 * kDollar - cost));
}

}  // namespace
}  // namespace postern::gate
