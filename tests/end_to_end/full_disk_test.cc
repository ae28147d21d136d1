// The disk fills up while the agent runs, and has room again later: what becomes of requests, and of the
// record.
#include <chrono>
#include <csignal>
#include <future>
#include <optional>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "tests/end_to_end/arrivals.h"
#include "tests/end_to_end/host.h"
#include "tests/end_to_end/recorded.h"
#include "tests/support/paths.h"

namespace postern::end_to_end {
namespace {

class FullDisk : public ::testing::Test {
 protected:
  void Begin(const std::string& when_full) {
    HostOptions options;
    options.agent_program = support::InBuild("bin/postern-agent-faulty");
    options.extra_config = "audit:\n  spool:\n    when_full: " + when_full + "\n";
    host_.emplace(options);
    arrivals_.emplace(host_->control());
  }

  void Fill() { host_->agent().Signal(SIGUSR1); }
  void MakeRoom() { host_->agent().Signal(SIGUSR2); }
  void SlowDown() { host_->agent().Signal(SIGRTMIN); }
  void SpeedUp() { host_->agent().Signal(SIGRTMIN + 1); }

  support::Response Ask(const std::string& user_agent) {
    return host_->Ask(MessageBody("hello"), {{"user-agent", user_agent}});
  }
  int Health() const {
    const auto answer = support::Fetch(host_->operations(), "GET", "/healthz", {{"host", "localhost"}});
    return answer ? answer->status : 0;
  }
  bool WaitUntilGood() const { return host_->WaitForMetric("postern_spool_accepting", 1); }
  bool WaitUntilBad() const {
    for (int i = 0; i < 3000; ++i) {
      if (host_->Metric("postern_spool_accepting") == 0) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }
  int ArrivalsOf(const std::string& user_agent) {
    EXPECT_TRUE(arrivals_->Read());
    const auto found = arrivals_->by_user_agent().find(user_agent);
    return found == arrivals_->by_user_agent().end() ? 0 : found->second;
  }

  void ExpectRefused(const support::Response& answer) const {
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.Find("x-should-retry"), "false");
    EXPECT_NE(answer.body.find("audit record"), std::string::npos) << answer.body;
  }

  Recorded EndAndRead() {
    EXPECT_EQ(host_->StopAgent().code, 0);
    const auto verified = host_->Run({"events", "verify"});
    EXPECT_EQ(verified.ending.code, 0) << verified.output << verified.errors;
    Recorded recorded = ReadRecord(host_->state());
    EXPECT_TRUE(recorded.gapless);
    EXPECT_EQ(recorded.verdict.open_exchanges, 0u);
    return recorded;
  }

  std::optional<Host> host_;
  std::optional<Arrivals> arrivals_;
};

TEST_F(FullDisk, RefuseForwardsNothingAndSaysSoUntilThereIsRoomAgain) {
  Begin("refuse");
  EXPECT_EQ(Ask("before").status, 200);
  EXPECT_EQ(Health(), 200);
  Fill();
  ExpectRefused(Ask("first"));   // the one that finds it out
  ExpectRefused(Ask("second"));  // and one that comes when it is known
  EXPECT_EQ(Health(), 503);
  EXPECT_EQ(ArrivalsOf("first") + ArrivalsOf("second"), 0);

  MakeRoom();
  ASSERT_TRUE(WaitUntilGood());
  EXPECT_EQ(Health(), 200);
  EXPECT_EQ(Ask("after").status, 200);
  EXPECT_EQ(ArrivalsOf("after"), 1);
  const Recorded recorded = EndAndRead();
  EXPECT_EQ(recorded.IntentsOf("before"), 1);
  EXPECT_EQ(recorded.IntentsOf("after"), 1);
  EXPECT_EQ(recorded.starts, 1u);
}

TEST_F(FullDisk, GapLetsExchangesGoOnAndCountsThem) {
  Begin("gap");
  EXPECT_EQ(Ask("before").status, 200);
  Fill();
  // What is asked while the spool tries the disk again waits in its queue and may be recorded after all. So
  // until one is dropped.
  int asked = 0;
  for (; asked < 5 || (asked < 500 && host_->Metric("postern_spool_dropped_total") < 1); ++asked) {
    EXPECT_EQ(Ask("during").status, 200);
  }
  EXPECT_EQ(Health(), 503);
  EXPECT_EQ(ArrivalsOf("during"), asked);

  MakeRoom();
  ASSERT_TRUE(WaitUntilGood());
  EXPECT_EQ(Ask("after").status, 200);
  const Recorded recorded = EndAndRead();
  EXPECT_EQ(recorded.IntentsOf("before"), 1);
  EXPECT_EQ(recorded.IntentsOf("after"), 1);
  uint64_t counted = 0;
  for (const wire::Gap& gap : recorded.gaps) counted += gap.intents();
  EXPECT_GT(counted, 0u);
  // Each is recorded or counted, never both.
  EXPECT_EQ(counted + static_cast<uint64_t>(recorded.IntentsOf("during")), static_cast<uint64_t>(asked));
}

TEST_F(FullDisk, BlockWaitsForRoomAndThenGoesOn) {
  Begin("block");
  EXPECT_EQ(Ask("before").status, 200);
  Fill();
  auto first = std::async(std::launch::async, [&] { return Ask("first"); });
  ASSERT_TRUE(WaitUntilBad());
  auto second = std::async(std::launch::async, [&] { return Ask("second"); });
  EXPECT_EQ(Health(), 503);
  EXPECT_EQ(ArrivalsOf("first") + ArrivalsOf("second"), 0);

  MakeRoom();
  EXPECT_EQ(first.get().status, 200);
  EXPECT_EQ(second.get().status, 200);
  EXPECT_EQ(ArrivalsOf("first"), 1);
  EXPECT_EQ(ArrivalsOf("second"), 1);
  const Recorded recorded = EndAndRead();
  for (const char* const user_agent : {"before", "first", "second"}) {
    EXPECT_EQ(recorded.IntentsOf(user_agent), 1) << user_agent;
  }
}

TEST_F(FullDisk, ADiskThatTakesTooLongToSyncCountsAsFull) {
  Begin("refuse");
  EXPECT_EQ(Ask("before").status, 200);
  SlowDown();
  ExpectRefused(Ask("during"));  // before_answer: it was sent, its answer is kept back
  SpeedUp();
  ASSERT_TRUE(WaitUntilGood());
  EXPECT_EQ(Ask("after").status, 200);
  const Recorded recorded = EndAndRead();
  for (const char* const user_agent : {"before", "during", "after"}) {
    EXPECT_EQ(recorded.IntentsOf(user_agent), 1) << user_agent;
  }
}

}  // namespace
}  // namespace postern::end_to_end
