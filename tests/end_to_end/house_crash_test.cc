// Kills the agent, the collector or both under load, again and again, and compares four accounts: what the
// clients saw, what reached the provider, the agent's own record, and the collector's log with its sums; and
// with limits, what the ledger says was spent.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "tests/end_to_end/arrivals.h"
#include "tests/end_to_end/house.h"
#include "tests/end_to_end/kept_money.h"
#include "tests/end_to_end/load.h"
#include "tests/end_to_end/recorded.h"
#include "tests/support/paths.h"

namespace postern::end_to_end {
namespace {

using std::chrono::microseconds;

constexpr int kClients = 8;
constexpr uint64_t kServedBetweenKills = 2;  // at least

// How often each test kills; `make crash` asks for more.
int Kills() {
  const char* const kills = std::getenv("POSTERN_CRASHES");
  return kills != nullptr ? std::max(1, std::atoi(kills)) : 20;
}

enum class Death {
  kKill,      // what the kernel has stays
  kPowerCut,  // of both: what was not synced goes
};

// Credentials are kept on the host, so that an agent which starts while the collector is dead can go on.
HostOptions HostThatDies(Death death) {
  HostOptions options;
  options.extra_config = "credentials:\n  cache: machine\n";
  if (death == Death::kKill) return options;
  options.agent_program = support::InBuild("bin/postern-agent-faulty");
  options.variables = {{"POSTERN_HOLD_UNSYNCED", "1"}};
  return options;
}

// More than is ever spent here: what is refused is refused for want of an answer.
constexpr const char* kLimits = R"(
limits:
  all-month: {usd: 100000, per: month}
  user-day: {each: user, usd: 50000, per: day}
  key-tokens: {each: key, tokens: 1000000000, per: hour, rolling: true}
  at-once: {concurrent: 1000}
)";

class Ordeal {
 public:
  explicit Ordeal(Death death, const std::string& limits = "")
      : host_(house_.Member(HostThatDies(death))), arrivals_(host_.control()) {
    if (death == Death::kPowerCut) {
      house_.keep().set_variables({{"LD_PRELOAD", support::InBuild("lib/power_cut.so")},
                                   {"POWER_CUT_DIRECTORY", house_.keep().state()}});
      EXPECT_EQ(house_.keep().Stop().code, 0);
      house_.keep().Start();
    }
    // The first requests teach the agent the key and bring it the credential.
    for (int i = 0; i < 600 && host_.Ask(MessageBody("hello"), {{"user-agent", "first"}}).status != 200;
         ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    if (!limits.empty()) Limit(limits);
    load_ = std::make_unique<Load>(host_, kClients);
    load_->PointAt(host_.port());
  }

  void Limit(const std::string& limits) {
    const std::string file = house_.keep().directory().Write(
        "policy.yaml", "organisation:\n  name: Example\n  models:\n    allow: [\"*\"]\n" + limits);
    house_.Postern({"policy", "apply", file, "--wait"});
  }

  void KillRepeatedly(int kills) {
    for (int i = 0; i < kills; ++i) {
      // One in three comes as it comes, be they all still starting.
      if (i % 3 != 2) {
        ASSERT_TRUE(load_->WaitForMore(kServedBetweenKills));
      }
      std::this_thread::sleep_for(microseconds(random_() % 800'000));
      const uint32_t whom = random_() % 3;
      if (whom != 0) house_.keep().Kill();
      if (whom != 1) {
        load_->PointAt(0);
        host_.KillAgent();
        ASSERT_TRUE(arrivals_.Read());
      }
      std::this_thread::sleep_for(microseconds(random_() % 100'000));
      if (whom != 1) host_.StartAgent();
      if (whom != 0) house_.keep().Start();
      load_->PointAt(host_.port());
    }
  }

  // Ends the load and lets the collector catch up with the record, whose end is a proper stop.
  void Finish() {
    load_->PointAt(0);
    load_->Stop();
    ASSERT_TRUE(arrivals_.Read());
    EXPECT_EQ(host_.StopAgent().code, 0);
    recorded_ = ReadRecord(host_.state());
    host_.StartAgent();
    for (int i = 0; i < 600; ++i) {
      house_.ReadOn(log_);
      if (log_.events > EventsRecorded()) break;  // all of it, and this last life's start
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    sums_ = house_.ReadSums();
    host_.KillAgent();
    EXPECT_EQ(house_.keep().Stop().code, 0);
  }

  uint64_t EventsRecorded() const { return recorded_.verdict.events; }

  void ExpectOneStory() {
    EXPECT_TRUE(recorded_.gapless);
    EXPECT_TRUE(recorded_.verdict.sound()) << *recorded_.verdict.problem;
    EXPECT_EQ(recorded_.verdict.open_exchanges, 0u);
    EXPECT_EQ(recorded_.stray, 0u);
    // The collector has each event of the record once, and the start of the life that sent the last of them.
    EXPECT_EQ(log_.repeated, 0u);
    EXPECT_EQ(log_.events, EventsRecorded() + 1);
    EXPECT_TRUE(log_.alarms.empty()) << log_.alarms.begin()->first;
    for (const auto& [chain, sequences] : log_.chains) {
      EXPECT_EQ(*sequences.begin(), 1) << chain.second;
      EXPECT_EQ(static_cast<size_t>(*sequences.rbegin()), sequences.size()) << chain.second << " has a hole";
    }
    for (const auto& [user_agent, exchange] : recorded_.exchanges) {
      if (user_agent == "first") continue;  // asked until it was let through
      EXPECT_EQ(exchange.intents, 1) << user_agent;
      EXPECT_EQ(log_.IntentsOf(user_agent), 1) << user_agent;
    }
    for (const auto& [exchange, times] : log_.outcomes) EXPECT_EQ(times, 1) << exchange;
    EXPECT_EQ(sums_.requests, static_cast<int64_t>(log_.outcomes.size()));
    EXPECT_EQ(sums_.nano_dollars, log_.nano_dollars);
    EXPECT_EQ(sums_.input, log_.input);
    EXPECT_EQ(sums_.output, log_.output);
    const auto checked = house_.keep().Run({"check"});
    EXPECT_EQ(checked.ending.code, 0) << checked.output << checked.errors;
  }

  void ExpectExactMoney() {
    const KeptMoney money = ReadKeptMoney(house_.keep().state());
    for (const std::string& problem : money.problems) ADD_FAILURE() << problem;
    EXPECT_GT(money.charges, 0u);
    std::printf("%llu charges in %llu holdings\n", static_cast<unsigned long long>(money.charges),
                static_cast<unsigned long long>(money.holdings));
  }

  size_t LostArrivals() const {
    size_t lost = 0;
    for (const auto& [user_agent, times] : arrivals_.by_user_agent()) lost += log_.IntentsOf(user_agent) == 0;
    return lost;
  }
  size_t LostAnswers() const {
    size_t lost = 0;
    for (const std::string& user_agent : load_->answered()) lost += log_.IntentsOf(user_agent) != 1;
    return lost;
  }

  const Load& load() const { return *load_; }

 private:
  House house_;
  Host host_;
  Arrivals arrivals_;
  std::unique_ptr<Load> load_;
  Recorded recorded_;
  LogContents log_;
  Sums sums_;
  std::mt19937 random_{std::random_device{}()};
};

TEST(HouseCrash, WhoeverIsKilledNothingIsLostAndNothingCountsTwice) {
  Ordeal ordeal(Death::kKill);
  ASSERT_NO_FATAL_FAILURE(ordeal.KillRepeatedly(Kills()));
  ASSERT_NO_FATAL_FAILURE(ordeal.Finish());
  ASSERT_NO_FATAL_FAILURE(ordeal.ExpectOneStory());
  EXPECT_EQ(ordeal.LostArrivals(), 0u);
  EXPECT_EQ(ordeal.LostAnswers(), 0u);
  for (const std::string& odd : ordeal.load().odd()) ADD_FAILURE() << "a client was told " << odd;
  EXPECT_GT(ordeal.load().whole(), static_cast<uint64_t>(Kills()));
}

TEST(HouseCrash, WhenThePowerOfBothIsCutNoAnswerThatAClientSawIsLost) {
  Ordeal ordeal(Death::kPowerCut);
  ASSERT_NO_FATAL_FAILURE(ordeal.KillRepeatedly(std::max(5, Kills() / 2)));
  ASSERT_NO_FATAL_FAILURE(ordeal.Finish());
  ASSERT_NO_FATAL_FAILURE(ordeal.ExpectOneStory());
  EXPECT_EQ(ordeal.LostAnswers(), 0u);
  EXPECT_GT(ordeal.load().whole(), static_cast<uint64_t>(Kills()) / 2);
}

// What is refused is refused because the wallet had too little and nobody answered in time: it is not a
// budget that is spent.
void ExpectRefusedForWantOfAnAnswer(const Load& load) {
  std::printf("%zu requests were refused while nobody answered\n", load.odd().size());
  for (const std::string& odd : load.odd())
    EXPECT_NE(odd.find("collector"), std::string::npos) << "a client was told " << odd;
}

TEST(HouseCrash, WithLimitsWhatIsSpentIsTheSumOfTheEventsWhoeverIsKilled) {
  Ordeal ordeal(Death::kKill, kLimits);
  ASSERT_NO_FATAL_FAILURE(ordeal.KillRepeatedly(Kills()));
  ASSERT_NO_FATAL_FAILURE(ordeal.Finish());
  ASSERT_NO_FATAL_FAILURE(ordeal.ExpectOneStory());
  ordeal.ExpectExactMoney();
  ExpectRefusedForWantOfAnAnswer(ordeal.load());
  EXPECT_GT(ordeal.load().whole(), static_cast<uint64_t>(Kills()));
}

TEST(HouseCrash, WithLimitsWhatIsSpentIsTheSumOfTheEventsWhenThePowerOfBothIsCut) {
  Ordeal ordeal(Death::kPowerCut, kLimits);
  ASSERT_NO_FATAL_FAILURE(ordeal.KillRepeatedly(std::max(5, Kills() / 2)));
  ASSERT_NO_FATAL_FAILURE(ordeal.Finish());
  ASSERT_NO_FATAL_FAILURE(ordeal.ExpectOneStory());
  ordeal.ExpectExactMoney();
  ExpectRefusedForWantOfAnAnswer(ordeal.load());
}

}  // namespace
}  // namespace postern::end_to_end
