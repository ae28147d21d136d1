// Kills the agent under load, again and again, and compares three accounts of what happened: what the clients
// saw, what reached the provider, and the record.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "tests/end_to_end/arrivals.h"
#include "tests/end_to_end/host.h"
#include "tests/end_to_end/load.h"
#include "tests/end_to_end/recorded.h"
#include "tests/support/paths.h"

namespace postern::end_to_end {
namespace {

using std::chrono::microseconds;

constexpr int kClients = 12;
constexpr uint64_t kServedInALife = 2;  // at least
constexpr int kMostKills = 50;          // times as many as were asked for
constexpr int kVerifications = 5;       // reading the whole record takes longer the longer it gets
const std::string kFaultyAgent = support::InBuild("bin/postern-agent-faulty");

// How often each test kills; `make crash` asks for more.
int Kills() {
  const char* kills = std::getenv("POSTERN_CRASHES");
  return kills != nullptr ? std::max(1, std::atoi(kills)) : 20;
}

int PowerCutCount() { return std::max(5, Kills() / 4); }

HostOptions PowerCuts(const std::string& sync) {
  HostOptions options;
  options.agent_program = kFaultyAgent;
  options.extra_config = "audit:\n  sync: " + sync + "\n";
  // Long enough that an agent which didn't wait for the sync would be caught.
  options.variables = {{"POSTERN_HOLD_UNSYNCED", "1"}, {"POSTERN_SYNC_DELAY_MS", "10"}};
  return options;
}

// A host under load whose agent dies over and over.
class Ordeal {
 public:
  explicit Ordeal(HostOptions options = {})
      : host_(std::move(options)), arrivals_(host_.control()), load_(host_, kClients) {
    load_.PointAt(host_.port());
  }

  // One in three kills meets the agent while it starts and recovers, the others while it serves. Beyond so
  // many it goes on until what the dead agents have left behind shows what it should.
  void KillRepeatedly(int kills, const std::function<bool()>& is_shown = [] { return true; }) {
    for (int i = 0; i < kills || !is_shown(); ++i) {
      ASSERT_LT(i, kMostKills * kills) << "no death shows it";
      if (i % 3 == 2) {
        Kill();
        host_.SpawnAgent();
        std::this_thread::sleep_for(microseconds(random_() % 80'000));
      } else {
        ASSERT_TRUE(load_.WaitForMore(kServedInALife));
        std::this_thread::sleep_for(microseconds(random_() % 400'000));
      }
      Kill();
      ASSERT_TRUE(arrivals_.Read());
      if (i + 1 >= kills) recorded_ = ReadRecord(host_.state());
      if (i % std::max(1, kills / kVerifications) == 0) {
        ASSERT_NO_FATAL_FAILURE(ExpectVerified());
      }
      host_.StartAgent();
      load_.PointAt(host_.port());
    }
  }

  // Ends load and agent; what the last life left behind is recovered by one more.
  void Finish() {
    Kill();
    load_.Stop();
    host_.StartAgent();
    EXPECT_EQ(host_.StopAgent().code, 0);
    ASSERT_TRUE(arrivals_.Read());
    ASSERT_NO_FATAL_FAILURE(ExpectVerified());
    recorded_ = ReadRecord(host_.state());
    EXPECT_TRUE(recorded_.gapless);
    EXPECT_TRUE(recorded_.verdict.sound()) << *recorded_.verdict.problem;
    EXPECT_EQ(recorded_.verdict.incarnations, 1u);
    EXPECT_EQ(recorded_.verdict.open_exchanges, 0u);
    EXPECT_EQ(recorded_.stray, 0u);
    EXPECT_EQ(recorded_.gaps.size(), 0u);
    for (const auto& [user_agent, exchange] : recorded_.exchanges) {
      EXPECT_EQ(exchange.intents, 1) << user_agent;
      EXPECT_EQ(exchange.endings.size(), 1u) << user_agent;
    }
    for (const std::string& odd : load_.odd()) ADD_FAILURE() << "a client was told " << odd;
  }

  // Of those that reached the provider, how many the record doesn't know.
  size_t LostArrivals() const {
    size_t lost = 0;
    for (const auto& [user_agent, times] : arrivals_.by_user_agent())
      lost += recorded_.IntentsOf(user_agent) != 1;
    return lost;
  }

  // Of those to which a client saw an answer begin, how many the record doesn't know.
  size_t LostAnswers() const {
    size_t lost = 0;
    for (const std::string& user_agent : load_.answered()) lost += recorded_.IntentsOf(user_agent) != 1;
    return lost;
  }

  const Arrivals& arrivals() const { return arrivals_; }
  const Load& load() const { return load_; }
  const Recorded& recorded() const { return recorded_; }

 private:
  void Kill() {
    load_.PointAt(0);
    host_.KillAgent();
  }

  void ExpectVerified() const {
    const auto verified = host_.Run({"events", "verify"});
    ASSERT_EQ(verified.ending.code, 0) << verified.output << verified.errors;
  }

  Host host_;
  Arrivals arrivals_;
  Load load_;
  Recorded recorded_;
  std::mt19937 random_{std::random_device{}()};
};

TEST(Crash, EveryRequestThatReachedTheProviderIsRecordedOnceWhateverKillsTheAgent) {
  Ordeal ordeal;
  ASSERT_NO_FATAL_FAILURE(ordeal.KillRepeatedly(Kills()));
  ASSERT_NO_FATAL_FAILURE(ordeal.Finish());

  EXPECT_EQ(ordeal.LostArrivals(), 0u);
  EXPECT_EQ(ordeal.LostAnswers(), 0u);
  uint64_t arrived = 0;
  for (const auto& [user_agent, times] : ordeal.arrivals().by_user_agent()) {
    EXPECT_EQ(times, 1) << user_agent << " reached the provider more than once";
    arrived += static_cast<uint64_t>(times);
  }
  EXPECT_EQ(arrived, ordeal.arrivals().total());
  // The ordeal was one: there was traffic, and kills met exchanges on their way.
  EXPECT_GT(arrived, static_cast<uint64_t>(Kills()));
  EXPECT_GT(ordeal.load().whole(), 0u);
  EXPECT_GT(ordeal.recorded().interrupted, 0u);
  RecordProperty("arrived", std::to_string(arrived));
  RecordProperty("interrupted", std::to_string(ordeal.recorded().interrupted));
}

TEST(PowerCut, BeforeAnswerKeepsEveryRequestWhoseAnswerAClientSawBegin) {
  Ordeal ordeal(PowerCuts("before_answer"));
  // What it doesn't promise: the provider may have been asked by then. That some are lost shows that the
  // power was cut.
  ASSERT_NO_FATAL_FAILURE(ordeal.KillRepeatedly(PowerCutCount(), [&] { return ordeal.LostArrivals() > 0; }));
  ASSERT_NO_FATAL_FAILURE(ordeal.Finish());
  EXPECT_EQ(ordeal.LostAnswers(), 0u);
  EXPECT_GT(ordeal.load().answered().size(), static_cast<size_t>(PowerCutCount()));
  EXPECT_GT(ordeal.LostArrivals(), 0u);
}

TEST(PowerCut, BeforeForwardKeepsEveryRequestThatReachedTheProvider) {
  Ordeal ordeal(PowerCuts("before_forward"));
  ASSERT_NO_FATAL_FAILURE(ordeal.KillRepeatedly(PowerCutCount()));
  ASSERT_NO_FATAL_FAILURE(ordeal.Finish());
  EXPECT_EQ(ordeal.LostArrivals(), 0u);
  EXPECT_EQ(ordeal.LostAnswers(), 0u);
  EXPECT_GT(ordeal.load().answered().size(), static_cast<size_t>(PowerCutCount()));
}

TEST(PowerCut, OsGivesUpWhatTheOthersPromiseAndStaysVerifiable) {
  Ordeal ordeal(PowerCuts("os"));
  ASSERT_NO_FATAL_FAILURE(ordeal.KillRepeatedly(PowerCutCount(), [&] { return ordeal.LostAnswers() > 0; }));
  ASSERT_NO_FATAL_FAILURE(ordeal.Finish());
  EXPECT_GT(ordeal.LostAnswers(), 0u);
}

}  // namespace
}  // namespace postern::end_to_end
