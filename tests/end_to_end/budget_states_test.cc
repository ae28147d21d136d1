// A budget where states are copied and put back: the collector's from a backup, an agent's as a clone and
// from a snapshot, all while real agents spend on a real collector. Whatever becomes of them, nothing is
// granted twice, the charges of all events are within the limit, and no exchange is billed twice.
#include <atomic>
#include <chrono>
#include <deque>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/end_to_end/fleet_books.h"
#include "tests/end_to_end/furnished.h"
#include "tests/end_to_end/house.h"
#include "tests/end_to_end/kept_money.h"
#include "tests/end_to_end/spenders.h"
#include "tests/support/paths.h"

namespace postern::end_to_end {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLimit = "team";
constexpr int64_t kAmount = 400'000'000;  // forty cents, in nano-dollars
const Appetite kAppetite{.max_tokens = 3'200, .least = 50, .most = 400, .pace_ms = 4};
constexpr int kStreams = 3;
const std::map<std::string, std::string> kAnotherMachine = {
    {"LD_PRELOAD", support::InBuild("lib/another_machine.so")}};

class BudgetStates : public testing::Test {
 protected:
  BudgetStates() {
    const std::string file = house_.keep().directory().Write(
        "policy.yaml",
        "organisation: {name: Test, models: {allow: [\"*\"]}}\nteams: {platform: {}}\nlimits:\n  " +
            std::string(kLimit) + ": {team: platform, usd: 0.4, per: year}\n");
    house_.Postern({"policy", "apply", file, "--force"});
  }

  Host& Join(HostOptions options = {}) {
    options.extra_config = "credentials: {cache: machine}\n";
    if (!hosts_.empty()) options.upstream = "http://127.0.0.1:" + std::to_string(hosts_[0]->provider_port());
    options = options.copied_state.empty() ? house_.Member(std::move(options)) : options;
    hosts_.push_back(std::make_unique<Host>(std::move(options)));
    ports_.emplace_back(hosts_.back()->port());
    return *hosts_.back();
  }
  // Of the first host's state as it lies on the disk; that one is stopped.
  Host& JoinClone(const std::string& state, std::map<std::string, std::string> variables = {}) {
    return Join({.variables = std::move(variables), .member_key = house_.key(), .copied_state = state});
  }

  // Until it is let through: the agent then has what it needs.
  void WarmUp(const Host& host) {
    std::string odd;
    ASSERT_TRUE(Eventually([&] {
      return AskOnce(host.port(), host.MessageHeaders(), kAppetite, 10, odd) == Fate::kWhole;
    })) << odd;
  }

  void BeginToSpend() {
    spenders_.emplace(kAppetite, hosts_[0]->MessageHeaders());
    for (const auto& port : ports_) spenders_->Add(port, kStreams);
  }
  bool SpentAtLeast(int64_t percent) {
    return Eventually([&] { return house_.ReadSums().nano_dollars * 100 >= kAmount * percent; });
  }
  bool SomebodyIsRefused() {
    const uint64_t before = spenders_->told().exhausted;
    return Eventually([&] { return spenders_->told().exhausted > before; });
  }
  void EndSpending() {
    spenders_->Stop();
    for (const auto& [what, times] : spenders_->told().odd) ADD_FAILURE() << times << " times: " << what;
  }

  void Stop(size_t host) {
    ports_[host] = 0;
    EXPECT_EQ(hosts_[host]->StopAgent().code, 0);
  }
  void Start(size_t host) {
    hosts_[host]->StartAgent();
    ports_[host] = hosts_[host]->port();
  }

  static bool IsQuiet(const Host& host) {
    return Eventually([&] {
      return host.Metric("postern_collector_unsent_events") == 0 &&
             host.Metric("postern_wallet_exchanges") == 0;
    });
  }

  // As an administrator does it (collector/README.md).
  void PutBack(const std::string& backup) {
    const fs::path state(house_.keep().state());
    const fs::path away(house_.keep().directory() / "away");
    fs::rename(state, away);
    fs::copy(backup, state, fs::copy_options::recursive);
    fs::copy_file(away / "master.key", state / "master.key");
  }

  // Of the state of the first host, as it lies on the disk while that is stopped. Its socket is no state.
  std::string CopyOfTheFirst() {
    Stop(0);
    std::string copy = house_.keep().directory() / "clone";
    Copy(hosts_[0]->state(), copy);
    Start(0);
    return copy;
  }

  static void Copy(const fs::path& state, const fs::path& to) {
    fs::create_directory(to);
    fs::permissions(to, fs::status(state).permissions());
    for (const fs::directory_entry& entry : fs::directory_iterator(state))
      if (!entry.is_socket())
        fs::copy(entry.path(), to / entry.path().filename(), fs::copy_options::recursive);
  }

  std::string agent() const { return house_.agents().front(); }
  bool IsQuarantined() {
    return Eventually([&] { return house_.StateOf(agent()) == "quarantined"; });
  }

  bool HasAlarm(const std::string& reason) {
    return Eventually([&] { return house_.ReadLog().alarms[reason] > 0; });
  }
  std::vector<LimitHolder> HoldersOf() { return StateHolders(house_.keep(), kLimit); }

  // With every agent stopped: the events, the ledger and the limit agree.
  void ExpectExactness() {
    FleetBooks books(kLimit);
    books.Read(house_.keep());
    for (const std::string& problem : books.Problems()) ADD_FAILURE() << problem;
    const StatedAccount stated = StateAccount(house_.keep(), kLimit);
    EXPECT_EQ(stated.spent, books.spent());
    EXPECT_LE(books.spent(), kAmount + books.beyond_reserved());
    EXPECT_GE(stated.left, -books.beyond_reserved()) << "of what is granted, nothing twice";
    EXPECT_EQ(books.alarms().count("overspent"), 0u);
    EXPECT_EQ(house_.keep().Stop().code, 0);
    const KeptMoney money = ReadKeptMoney(house_.keep().state());
    for (const std::string& problem : money.problems) ADD_FAILURE() << problem;
    const support::Finished check = house_.keep().Run({"check"});
    EXPECT_EQ(check.ending.code, 0) << check.output << check.errors;
    for (const auto& [holder, spent] : books.spent_by()) incarnations_.insert(holder.second);
    std::printf("spent %.6f of 0.4 dollars, in %zu incarnations; held %.6f, left %.6f\n",
                static_cast<double>(books.spent()) / 1e9, incarnations_.size(),
                static_cast<double>(stated.held) / 1e9, static_cast<double>(stated.left) / 1e9);
  }

  House house_;
  std::deque<std::unique_ptr<Host>> hosts_;
  std::deque<std::atomic<uint16_t>> ports_;
  std::optional<Spenders> spenders_;
  std::set<uint64_t> incarnations_;  // that have spent something
};

TEST_F(BudgetStates, ACollectorThatIsRestoredFromABackupWhileAgentsSpendGrantsNothingTwice) {
  for (int i = 0; i < 2; ++i) ASSERT_NO_FATAL_FAILURE(WarmUp(Join()));
  BeginToSpend();
  ASSERT_TRUE(SpentAtLeast(15));
  const std::string backup = house_.keep().directory() / "backup";
  ASSERT_EQ(house_.keep().Run({"backup", backup}).ending.code, 0);
  ASSERT_TRUE(SpentAtLeast(50));

  EXPECT_EQ(house_.keep().Stop().code, 0);
  PutBack(backup);
  house_.keep().Start();
  // The agents' memory proves it, and nothing is granted: they go on with what they hold.
  ASSERT_TRUE(Eventually([&] { return house_.keep().Run({"status"}).ending.code == 1; }));
  EXPECT_EQ(house_.keep().Stop().code, 0);
  const support::Finished recovered = house_.keep().Run({"recover"});
  ASSERT_EQ(recovered.ending.code, 0) << recovered.errors;
  house_.keep().Start();

  ASSERT_TRUE(SomebodyIsRefused());
  EndSpending();
  for (const auto& host : hosts_) ASSERT_TRUE(IsQuiet(*host));
  for (size_t i = 0; i < hosts_.size(); ++i) Stop(i);
  ASSERT_NO_FATAL_FAILURE(ExpectExactness());
  EXPECT_EQ(incarnations_.size(), 2u) << "who knows more than the backup goes on as it is";
}

TEST_F(BudgetStates, AClonedAgentIsSetAsideUntilItIsForfeitedAndBothTogetherSpendNoMoreThanThereIs) {
  ASSERT_NO_FATAL_FAILURE(WarmUp(Join()));
  const std::string state = CopyOfTheFirst();
  JoinClone(state);
  BeginToSpend();
  ASSERT_TRUE(IsQuarantined());
  // An administrator shuts the clone off, and lets the agent go on.
  Stop(1);
  house_.Postern({"agent", "forfeit", agent()});
  ASSERT_TRUE(SomebodyIsRefused());
  EndSpending();
  ASSERT_TRUE(IsQuiet(*hosts_[0]));
  Stop(0);
  ASSERT_NO_FATAL_FAILURE(ExpectExactness());
  EXPECT_GE(incarnations_.size(), 2u) << "it spends as another one from then on";
}

TEST_F(BudgetStates, ACloneOnAnotherMachineBesideTheOriginalIsFoundOutAndBothAreSetAside) {
  ASSERT_NO_FATAL_FAILURE(WarmUp(Join()));
  const std::string state = CopyOfTheFirst();
  ASSERT_NO_FATAL_FAILURE(WarmUp(*hosts_[0]));
  JoinClone(state, kAnotherMachine);
  BeginToSpend();
  ASSERT_TRUE(IsQuarantined());
  ASSERT_TRUE(HasAlarm("clone"));
  // That is the end of it: both refuse and say why, and neither is given anything in place of the other.
  for (const auto& host : hosts_)
    EXPECT_TRUE(Eventually([&] {
      const std::string said = host->Ask(MessageBody("hello")).body;
      return said.find("set this host aside") != std::string::npos &&
             said.find("is a clone of the other") != std::string::npos;
    }));
  EXPECT_EQ(house_.StateOf(agent()), "quarantined");
  EXPECT_LE(HoldersOf().size(), 2u);

  // An administrator shuts the clone off, and lets the agent go on.
  Stop(1);
  house_.Postern({"agent", "forfeit", agent()});
  ASSERT_TRUE(SpentAtLeast(60));
  EndSpending();
  ASSERT_TRUE(IsQuiet(*hosts_[0]));
  EXPECT_EQ(house_.StateOf(agent()), "active");
  Stop(0);
  ASSERT_NO_FATAL_FAILURE(ExpectExactness());
}

// No clone: the machine was killed, and its disk goes on in another one.
TEST_F(BudgetStates, AStateThatMovesToAnotherMachineLeavesBehindWhatItHeldUntilThatIsForfeited) {
  ASSERT_NO_FATAL_FAILURE(WarmUp(Join()));
  ASSERT_TRUE(Eventually([&] { return house_.ReadSums().nano_dollars > 0; }));
  ports_[0] = 0;
  hosts_[0]->KillAgent();
  const std::string moved = house_.keep().directory() / "moved";
  Copy(hosts_[0]->state(), moved);
  Host& there = JoinClone(moved, kAnotherMachine);
  ASSERT_NO_FATAL_FAILURE(WarmUp(there));
  EXPECT_EQ(house_.StateOf(agent()), "active");
  ASSERT_TRUE(IsQuiet(there));
  Stop(1);

  // All have stopped. Who holds something still is the state before it moved, and that is said.
  const std::vector<LimitHolder> holders = HoldersOf();
  ASSERT_EQ(holders.size(), 2u);
  for (const LimitHolder& holder : holders) {
    EXPECT_EQ(holder.host, holders[0].host);
    EXPECT_GT(holder.spent, 0);
    if (holder.state == "earlier") {
      EXPECT_GT(holder.held, 0);
    } else {
      EXPECT_EQ(holder.state, "away");
      EXPECT_EQ(holder.held, 0) << "what was stopped has given back all";
    }
  }
  const std::string shown = house_.Postern({"limit", "show", kLimit});
  EXPECT_NE(shown.find("an earlier state"), std::string::npos) << shown;
  EXPECT_GT(StateAccount(house_.keep(), kLimit).held, 0);
  house_.Postern({"agent", "forfeit", agent()});
  EXPECT_EQ(StateAccount(house_.keep(), kLimit).held, 0);
  ASSERT_NO_FATAL_FAILURE(ExpectExactness());
}

TEST_F(BudgetStates, AnAgentThatIsPutBackToASnapshotSpendsNothingAgainThatItHadReported) {
  ASSERT_NO_FATAL_FAILURE(WarmUp(Join()));
  BeginToSpend();
  ASSERT_TRUE(SpentAtLeast(10));
  Stop(0);
  const std::string snapshot = house_.keep().directory() / "snapshot";
  Copy(hosts_[0]->state(), snapshot);
  Start(0);
  ASSERT_TRUE(SpentAtLeast(40));
  Stop(0);
  fs::remove_all(hosts_[0]->state());
  Copy(snapshot, hosts_[0]->state());
  Start(0);
  // It writes its own events where others are stored: it spends what it finds in its wallet, and gets no
  // more.
  ASSERT_TRUE(IsQuarantined());
  house_.Postern({"agent", "forfeit", agent()});
  ASSERT_TRUE(SomebodyIsRefused());
  EndSpending();
  ASSERT_TRUE(IsQuiet(*hosts_[0]));
  Stop(0);
  ASSERT_NO_FATAL_FAILURE(ExpectExactness());
  EXPECT_EQ(incarnations_.size(), 2u);
}

}  // namespace
}  // namespace postern::end_to_end
