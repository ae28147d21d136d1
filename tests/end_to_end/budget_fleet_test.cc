// A team's budget over a fleet: real agents on one real collector, streams on all of them, kill -9
// throughout. What is asked for is exactness: not a cent beyond what was promised, and nobody refused while
// money is left.
//
// POSTERN_FLEET=20x10 makes it 20 agents with 10 streams each and ten dollars; without it a small one runs.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "tests/end_to_end/furnished.h"
#include "tests/end_to_end/house.h"
#include "tests/end_to_end/spenders.h"

namespace postern::end_to_end {
namespace {

using std::chrono::milliseconds;

constexpr int64_t kDollar = 1'000'000'000;
constexpr const char* kLimit = "fleet";

struct Size {
  int agents = 4;
  int streams = 5;          // of each
  int64_t limit = kDollar;  // nano-dollars
  Appetite appetite = {.max_tokens = 3'200, .least = 50, .most = 400, .pace_ms = 10};
  int kills = 12;
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

int64_t Number(const json::Object& object, std::string_view name) {
  const auto number = object.OptionalInteger(name, INT64_MIN, INT64_MAX);
  CHECK(number);
  return number->value_or(0);
}

std::vector<json::Object> Objects(const json::Object& object, std::string_view name) {
  std::vector<json::Object> objects;
  const auto list = object.Find(name);
  if (!list) return objects;
  const auto values = list->AsList();
  CHECK(values);
  for (const json::Value& value : *values) objects.push_back(*value.AsOpenObject());
  return objects;
}

// What the collector's log says of the limit's account.
struct Books {
  int64_t read = -1;  // up to this place
  int64_t spent = 0;
  int64_t beyond_reserved = 0;  // of those that were refused an extension
  uint64_t settled = 0;
  uint64_t refused_extension = 0;
  uint64_t interrupted = 0;
  uint64_t refusals = 0;
  std::map<std::string, int> alarms;
  // By agent and incarnation: the sum of its charges, and the counter of its last one.
  std::map<std::pair<std::string, std::string>, std::pair<int64_t, int64_t>> counters;
  std::map<std::string, int> outcomes;
};

// The account as the collector states it.
struct Stated {
  int64_t spent = 0;
  int64_t held = 0;
  int64_t left = 0;
};

class FleetBudget : public testing::Test {
 public:
  void Begin(const std::string& admission) {
    EXPECT_EQ(house_.keep().Stop().code, 0);
    house_.keep().set_extra_config("log: {level: debug}\n");
    house_.keep().Start();
    const std::string file = house_.keep().directory().Write(
        "policy.yaml",
        "organisation: {name: Test, models: {allow: [\"*\"]}}\nteams: {platform: {}}\nlimits:\n  " +
            std::string(kLimit) + ": {team: platform, usd: " + std::to_string(size_.limit / kDollar) +
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

  void KillOne() {
    const size_t victim = random_() % (hosts_.size() + 1);
    if (victim == hosts_.size()) {
      house_.keep().Kill();
      ReadKeepsDenials();
      std::this_thread::sleep_for(milliseconds(random_() % 100));
      house_.keep().Start();
      return;
    }
    ports_[victim] = 0;
    hosts_[victim]->KillAgent();
    ReadDenials(hosts_[victim]->agent().errors());
    std::this_thread::sleep_for(milliseconds(random_() % 300));
    hosts_[victim]->StartAgent();
    ports_[victim] = hosts_[victim]->port();
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

  // Until each agent's record is at the collector, which then knows what it has spent.
  void AwaitQuiet() {
    for (const auto& host : hosts_) {
      ASSERT_TRUE(Eventually([&] {
        return host->Metric("postern_collector_unsent_events") == 0 &&
               host->Metric("postern_wallet_exchanges") == 0;
      }));
    }
  }

  // One stream at one agent until it is refused. What was spent by then.
  int64_t SpendByOne() {
    std::uniform_int_distribution<int64_t> tokens(size_.appetite.least, size_.appetite.most);
    std::string odd;
    for (;;) {
      const Fate fate =
          AskOnce(hosts_[0]->port(), hosts_[0]->MessageHeaders(), size_.appetite, tokens(random_), odd);
      if (fate == Fate::kExhausted) break;
      if (fate == Fate::kOdd) ADD_FAILURE() << odd;
    }
    AwaitQuiet();
    ReadBooks();
    return books_.spent;
  }

  Stated State() {
    const json::Object limit = Object(house_.keep().Done("GET", "/v1/limits/" + std::string(kLimit)));
    for (const json::Object& account : Objects(limit, "accounts"))
      return {Number(account, "spent"), Number(account, "held"), Number(account, "left")};
    return {};
  }

  void StopAll() {
    for (const auto& host : hosts_) {
      EXPECT_EQ(host->StopAgent().code, 0);
      ReadDenials(host->agent().errors());
    }
  }

  // Whoever was refused lacked more than all that the collector had left when it had asked everybody.
  void ReadDenials(const std::string& log) {
    std::istringstream lines(log);
    for (std::string line; std::getline(lines, line);) {
      if (line.find("too little is left") == std::string::npos) continue;
      ++denials_;
      const int64_t left = NumberAfter(line, " left=");
      EXPECT_LT(left, NumberAfter(line, " missing=")) << line;
      told_left_.insert(left);
    }
  }
  void ReadKeepsDenials() {
    std::istringstream lines(house_.keep().process().errors());
    for (std::string line; std::getline(lines, line);)
      if (line.find("a demand was denied") != std::string::npos) left_.insert(NumberAfter(line, " left="));
  }
  static int64_t NumberAfter(const std::string& line, std::string_view mark) {
    const size_t at = line.find(mark);
    CHECK(at != std::string::npos);
    return std::strtoll(line.c_str() + at + mark.size(), nullptr, 10);
  }

  void ReadBooks() {
    int64_t& after = books_.read;
    for (;;) {
      const json::Object page =
          Object(house_.keep().Done("GET", "/v1/events?limit=200&wait=0&after=" + std::to_string(after)));
      const auto items = Objects(page, "items");
      if (items.empty()) return;
      for (const json::Object& item : items) {
        Enter(item);
        after = Number(item, "leaf");
      }
    }
  }

  void Enter(const json::Object& item) {
    const json::Object event = *item.Find("event")->AsOpenObject();
    const std::string kind = event.OptionalText("kind")->value_or("");
    if (kind == "alarm") ++books_.alarms[event.OptionalText("reason")->value_or("")];
    if (kind == "refusal" && event.OptionalText("account")->value_or("") == kLimit) ++books_.refusals;
    if (kind != "outcome") return;
    ++books_.outcomes[event.OptionalText("exchange")->value_or("")];
    const bool was_refused = !event.OptionalText("refused_extension")->value_or("").empty();
    books_.refused_extension += was_refused;
    books_.interrupted += event.OptionalText("ending")->value_or("") == "interrupted";
    for (const json::Object& charge : Objects(event, "charges")) {
      const int64_t amount = Number(charge, "amount");
      ++books_.settled;
      books_.spent += amount;
      if (was_refused) books_.beyond_reserved += std::max<int64_t>(0, amount - Number(charge, "reserved"));
      auto& [sum, used] = books_.counters[{item.OptionalText("agent")->value_or(""),
                                           event.OptionalText("incarnation")->value_or("")}];
      sum += amount;
      used = Number(charge, "used");
      EXPECT_EQ(used, sum) << "used is the sum of the settled events";
    }
  }

  // The books agree: with the collector's own statement, with each agent's counters, with the limit.
  void ExpectExactness() {
    ReadBooks();
    ReadKeepsDenials();
    for (const int64_t left : told_left_) EXPECT_TRUE(left_.contains(left)) << "nobody said that";
    EXPECT_TRUE(books_.alarms.empty()) << books_.alarms.begin()->first;
    for (const auto& [exchange, times] : books_.outcomes) EXPECT_EQ(times, 1) << exchange;
    const Stated stated = State();
    EXPECT_EQ(stated.spent, books_.spent);
    EXPECT_EQ(stated.held, 0) << "after quiet nothing is reserved";
    EXPECT_LE(books_.spent, size_.limit + books_.beyond_reserved);
    EXPECT_GE(denials_, told_.exhausted) << "nobody is refused who wasn't denied by the collector";
    for (const auto& [what, times] : told_.odd) ADD_FAILURE() << times << " times: " << what;
  }

  void Print(const std::string& admission, int64_t first_refusal) {
    std::printf(
        "%s: %d agents, %d streams each, a limit of %s, %d kills\n"
        "  clients: %llu whole answers, %llu refused for the budget, %llu ended for it, %llu found nobody to "
        "ask, "
        "%llu lost their agent\n"
        "  spent %s in %llu exchanges (%llu interrupted), of it %s beyond what was reserved by %llu that "
        "were refused "
        "an extension; overspent %s\n"
        "  one stream's first refusal came when %.3f %% of the limit were spent\n",
        admission.c_str(), size_.agents, size_.streams, Money(size_.limit).c_str(), kills_,
        static_cast<unsigned long long>(told_.whole), static_cast<unsigned long long>(told_.exhausted),
        static_cast<unsigned long long>(told_.ended), static_cast<unsigned long long>(told_.away),
        static_cast<unsigned long long>(told_.broken), Money(books_.spent).c_str(),
        static_cast<unsigned long long>(books_.settled), static_cast<unsigned long long>(books_.interrupted),
        Money(books_.beyond_reserved).c_str(), static_cast<unsigned long long>(books_.refused_extension),
        Money(std::max<int64_t>(0, books_.spent - size_.limit)).c_str(),
        100.0 * static_cast<double>(first_refusal) / static_cast<double>(size_.limit));
  }

  const Size size_ = SizeOfFleet();
  House house_;
  std::vector<std::unique_ptr<Host>> hosts_;
  std::deque<std::atomic<uint16_t>> ports_;
  std::mt19937 random_{std::random_device{}()};
  int kills_ = 0;
  uint64_t denials_ = 0;         // as the agents' logs say
  std::set<int64_t> told_left_;  // what they were told to be left
  std::set<int64_t> left_;       // what the collector's log says
  Told told_;
  Books books_;
};

TEST_F(FleetBudget, HoldsToTheCentWhoeverIsKilledAndRefusesNobodyWhileMoneyIsLeft) {
  Begin("estimated");
  ASSERT_NO_FATAL_FAILURE(WarmUp());
  ASSERT_NO_FATAL_FAILURE(SpendAndKill());
  ASSERT_NO_FATAL_FAILURE(AwaitQuiet());
  const int64_t first_refusal = SpendByOne();
  StopAll();
  ASSERT_NO_FATAL_FAILURE(ExpectExactness());
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
  Print("strict", first_refusal);
  EXPECT_LE(books_.spent, size_.limit);
  EXPECT_EQ(books_.refused_extension, 0u);
}

}  // namespace
}  // namespace postern::end_to_end
