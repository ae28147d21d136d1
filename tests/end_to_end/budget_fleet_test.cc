// A team's budget over a fleet: real agents on one real collector, streams on all of them, kill -9
// throughout. What is asked for is exactness: not a cent beyond what was promised, and nobody refused while
// money is left: each refusal is reckoned over (reckoning.h).
//
// POSTERN_FLEET=20x10 makes it 20 agents with 10 streams each and ten dollars; without it a small one runs.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "tests/end_to_end/fleet_books.h"
#include "tests/end_to_end/furnished.h"
#include "tests/end_to_end/house.h"
#include "tests/end_to_end/reckoning.h"
#include "tests/end_to_end/spenders.h"

namespace postern::end_to_end {
namespace {

using std::chrono::milliseconds;

constexpr int64_t kDollar = 1'000'000'000;
constexpr const char* kLimit = "fleet";
// After its start, until an agent has said Hello and is asked for what it holds.
constexpr std::chrono::seconds kUntilGreeted{3};
// With fewer an agent doesn't go by what it has seen (agent/estimate/README.md).
constexpr int kEnoughAnswers = 16;

struct Size {
  int agents = 4;
  int streams = 5;                   // of each
  int64_t limit = kDollar * 6 / 10;  // nano-dollars
  Appetite appetite = {.max_tokens = 3'200, .least = 50, .most = 400, .pace_ms = 10};
  int kills = 8;
};

Size SizeOfFleet() {
  const char* const asked = std::getenv("POSTERN_FLEET");
  if (asked == nullptr) return {};
  Size size{.agents = 20, .streams = 10, .limit = 10 * kDollar, .appetite = {}, .kills = 60};
  std::sscanf(asked, "%dx%d", &size.agents, &size.streams);
  return size;
}

std::string Money(int64_t nano_dollars) {
  char text[32];
  std::snprintf(text, sizeof(text), "$%.6f",
                static_cast<double>(nano_dollars) / static_cast<double>(kDollar));
  return text;
}

class FleetBudget : public testing::Test {
 protected:
  void Begin(const std::string& admission) {
    EXPECT_EQ(house_.keep().Stop().code, 0);
    house_.keep().set_extra_config("log: {level: debug}\n");
    house_.keep().Start();
    const std::string file = house_.keep().directory().Write(
        "policy.yaml",
        "organisation: {name: Test, models: {allow: [\"*\"]}}\nteams: {platform: {}}\nlimits:\n  " +
            std::string(kLimit) + ": {team: platform, usd: " + Money(size_.limit).substr(1) +
            ", per: year, admission: " + admission + "}\n");
    house_.Postern({"policy", "apply", file, "--force"});
    for (int i = 0; i < size_.agents; ++i) Join();
  }

  void Join() {
    HostOptions options;
    options.extra_config = "credentials:\n  cache: machine\nlog: {level: debug}\n";
    if (!hosts_.empty()) options.upstream = "http://127.0.0.1:" + std::to_string(hosts_[0]->provider_port());
    hosts_.push_back(std::make_unique<Host>(house_.Member(std::move(options))));
    ports_.emplace_back(hosts_.back()->port());
    for (const std::string& name : house_.agents())
      if (std::find(names_.begin(), names_.end(), name) == names_.end()) names_.push_back(name);
    ASSERT_EQ(names_.size(), hosts_.size());
  }

  // A request whose answer costs next to nothing, until it is let through: the agent then knows the key, and
  // has the credential and the policy.
  void WarmUp() {
    Appetite small = size_.appetite;
    for (const auto& host : hosts_) {
      std::string odd;
      ASSERT_TRUE(Eventually([&] {
        return AskOnce(host->port(), host->MessageHeaders(), small, 10, odd) == Fate::kWhole;
      })) << odd;
    }
  }

  // The first host learns how long such answers are, and keeps that. At the end it asks for what they cost
  // then, killed or not, and not for what is guessed where nothing is known, which is much beside this limit.
  void LearnAnswers() {
    std::string odd;
    for (int i = 0; i < kEnoughAnswers; ++i)
      ASSERT_TRUE(Eventually([&] { return AskFirst(odd) == Fate::kWhole; })) << odd;
    ASSERT_EQ(hosts_[0]->StopAgent().code, 0);
    ReadRefusals(0);
    hosts_[0]->StartAgent();
    ports_[0] = hosts_[0]->port();
    ASSERT_NO_FATAL_FAILURE(WarmUp());
  }

  void KillOne() {
    const size_t victim = random_() % (hosts_.size() + 1);
    const bool is_keep = victim == hosts_.size();
    const WallTime from = WallNow();
    if (is_keep) {
      house_.keep().Kill();
      ReadProofs();
      std::this_thread::sleep_for(milliseconds(random_() % 100));
      house_.keep().Start();
    } else {
      ports_[victim] = 0;
      hosts_[victim]->KillAgent();
      ReadRefusals(victim);
      std::this_thread::sleep_for(milliseconds(random_() % 300));
      hosts_[victim]->StartAgent();
      ports_[victim] = hosts_[victim]->port();
    }
    reckoning_.AddOutage(is_keep ? "" : names_[victim], from, WallNow() + kUntilGreeted);
  }

  // Kills until so many kills are over and somebody was refused for the budget.
  void SpendAndKill() {
    Spenders spenders(size_.appetite, hosts_[0]->MessageHeaders());
    for (const auto& port : ports_) spenders.Add(port, size_.streams);
    int kills = 0;
    while (kills < size_.kills || spenders.told().exhausted == 0) {
      std::this_thread::sleep_for(milliseconds(200 + random_() % 400));
      KillOne();
      ASSERT_LT(++kills, 40 * size_.kills) << "the budget isn't spent, and nobody is refused";
    }
    kills_ = kills;
    spenders.Stop();
    told_ = spenders.told();
  }

  // Until each agent can be reached, and its record is at the collector, which then knows what it has spent.
  void AwaitQuiet() {
    for (const auto& host : hosts_) {
      ASSERT_TRUE(Eventually([&] {
        return host->Metric(R"(postern_collector_connection{state="connected"})") == 1 &&
               host->Metric("postern_collector_unsent_events") == 0 &&
               host->Metric("postern_wallet_exchanges") == 0;
      }));
    }
    // What is settled may not be written yet.
    ASSERT_TRUE(Eventually([&] {
      books_.Read(house_.keep());
      return books_.Open().empty();
    }));
  }

  // At the first host, for an answer of any length.
  Fate AskFirst(std::string& odd) {
    std::uniform_int_distribution<int64_t> tokens(size_.appetite.least, size_.appetite.most);
    return AskOnce(hosts_[0]->port(), hosts_[0]->MessageHeaders(), size_.appetite, tokens(random_), odd);
  }

  // One stream at one agent until it is refused. What was spent by then.
  int64_t SpendByOne() {
    std::string odd;
    for (;;) {
      const Fate fate = AskFirst(odd);
      if (fate == Fate::kExhausted) break;
      if (fate == Fate::kOdd) ADD_FAILURE() << odd;
    }
    AwaitQuiet();
    books_.Read(house_.keep());
    return books_.spent();
  }

  void StopAll() {
    for (size_t i = 0; i < hosts_.size(); ++i) {
      EXPECT_EQ(hosts_[i]->StopAgent().code, 0);
      ReadRefusals(i);
    }
  }

  // Who was refused, and what the collector had found out then.
  void ReadRefusals(size_t number) {
    reckoning_.ReadRefusals(names_[number], hosts_[number]->agent().errors());
  }
  void ReadProofs() { reckoning_.ReadProofs(house_.keep().process().errors()); }

  // The books agree: with the collector's own statement, with each agent's counters, with the limit.
  void ExpectExactness() {
    books_.Read(house_.keep());
    ReadProofs();
    for (const std::string& problem : books_.Problems()) ADD_FAILURE() << problem;
    for (const std::string& problem : books_.Open()) ADD_FAILURE() << problem;
    EXPECT_TRUE(books_.alarms().empty()) << books_.alarms().begin()->first;
    const StatedAccount stated = StateAccount(house_.keep(), kLimit);
    EXPECT_EQ(stated.spent, books_.spent());
    EXPECT_EQ(stated.held, 0) << "after quiet nothing is reserved";
    EXPECT_EQ(stated.left, size_.limit - books_.spent());
    EXPECT_LE(books_.spent(), size_.limit + books_.beyond_reserved());
    for (const auto& [what, times] : told_.odd) ADD_FAILURE() << times << " times: " << what;
  }

  // Whoever was refused asked for more than was neither spent, nor reserved, nor out of reach.
  void ExpectRefusedRightly() {
    for (const Spending& spending : books_.Spendings()) reckoning_.Add(spending);
    reckoned_ = reckoning_.Reckon();
    for (const std::string& wrong : reckoned_.wrong) ADD_FAILURE() << wrong;
    EXPECT_GT(reckoned_.right, 0u) << "there was a refusal while every agent could be reached";
    EXPECT_GE(reckoned_.all(), told_.exhausted) << "nobody is refused whom the collector didn't deny";
    EXPECT_GE(reckoned_.all(), books_.refusals());
  }

  void Print(const std::string& admission, int64_t first_refusal) const {
    const auto count = [](uint64_t number) { return static_cast<unsigned long long>(number); };
    std::printf("%s: %d agents, %d streams each, a limit of %s, %d kills\n", admission.c_str(), size_.agents,
                size_.streams, Money(size_.limit).c_str(), kills_);
    std::printf(
        "  clients: %llu whole answers, %llu refused for the budget, %llu ended for it, %llu found "
        "nobody to ask, %llu lost their agent\n",
        count(told_.whole), count(told_.exhausted), count(told_.ended), count(told_.away),
        count(told_.broken));
    std::printf(
        "  spent %s in %llu exchanges (%llu interrupted), of it %s beyond what was reserved by %llu "
        "that were refused an extension; overspent %s\n",
        Money(books_.spent()).c_str(), count(books_.settled()), count(books_.interrupted()),
        Money(books_.beyond_reserved()).c_str(), count(books_.refused_extension()),
        Money(std::max<int64_t>(0, books_.spent() - size_.limit)).c_str());
    std::printf(
        "  %llu refusals reckoned over: %llu right whatever was out of reach, by %s at the least; "
        "%llu for what agents held that were down (%s at most), %llu for what agents held that ran "
        "and didn't answer in time (%s at most); %llu wrong\n",
        count(reckoned_.all()), count(reckoned_.right), Money(reckoned_.least_short).c_str(),
        count(reckoned_.right_by_down), Money(reckoned_.most_down).c_str(), count(reckoned_.right_by_unheard),
        Money(reckoned_.most_unheard).c_str(), count(reckoned_.wrong.size()));
    std::printf("  one stream's first refusal came when %.3f %% of the limit were spent\n",
                100.0 * static_cast<double>(first_refusal) / static_cast<double>(size_.limit));
  }

  const Size size_ = SizeOfFleet();
  House house_;
  std::vector<std::unique_ptr<Host>> hosts_;
  std::vector<std::string> names_;  // of their agents
  std::deque<std::atomic<uint16_t>> ports_;
  std::mt19937 random_{std::random_device{}()};
  int kills_ = 0;
  Told told_;
  FleetBooks books_{kLimit};
  Reckoning reckoning_{kLimit, size_.limit};
  Reckoned reckoned_;
};

TEST_F(FleetBudget, HoldsToTheCentWhoeverIsKilledAndRefusesNobodyWhileMoneyIsLeft) {
  Begin("estimated");
  ASSERT_NO_FATAL_FAILURE(WarmUp());
  ASSERT_NO_FATAL_FAILURE(LearnAnswers());
  ASSERT_NO_FATAL_FAILURE(SpendAndKill());
  ASSERT_NO_FATAL_FAILURE(AwaitQuiet());
  const int64_t first_refusal = SpendByOne();
  StopAll();
  ASSERT_NO_FATAL_FAILURE(ExpectExactness());
  ASSERT_NO_FATAL_FAILURE(ExpectRefusedRightly());
  Print("estimated", first_refusal);
  EXPECT_GE(first_refusal * 100, size_.limit * 99) << "of what may be spent";
}

TEST_F(FleetBudget, StrictlyNothingIsSpentBeyondIt) {
  Begin("strict");
  ASSERT_NO_FATAL_FAILURE(WarmUp());
  ASSERT_NO_FATAL_FAILURE(SpendAndKill());
  ASSERT_NO_FATAL_FAILURE(AwaitQuiet());
  const int64_t first_refusal = SpendByOne();
  StopAll();
  ASSERT_NO_FATAL_FAILURE(ExpectExactness());
  ASSERT_NO_FATAL_FAILURE(ExpectRefusedRightly());
  Print("strict", first_refusal);
  EXPECT_LE(books_.spent(), size_.limit);
  EXPECT_EQ(books_.unexpected(), 0) << "nothing cost more than was reserved for it";
  EXPECT_EQ(books_.refused_extension(), 0u);
}

}  // namespace
}  // namespace postern::end_to_end
