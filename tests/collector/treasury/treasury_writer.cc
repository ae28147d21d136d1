// A program to be killed: agents ask a treasury over a real store for money, spend it and give it back, as
// fast as its commits go, and it says on standard output what each was told.
//
//   treasury_writer <store directory> [--hold-unsynced]
//
// "g <agent> <granted>" once a grant may be sent; "s <agent> <used>" once an event that carries this counter
// is acknowledged; "r <agent> <returned>" for what an agent gave back and was written. With --hold-unsynced a
// kill is a power cut.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include <unistd.h>

#include "collector/store/rocks_store.h"
#include "collector/treasury/rows.h"
#include "collector/treasury/treasury.h"
#include "shared/kv/faults.h"
#include "shared/policy/zone.h"
#include "tests/collector/store/writer.h"
#include "tests/collector/treasury/spenders.h"

namespace postern::treasury {
namespace {

// One write(2) each: what has reached the pipe was said before the kill.
void Say(char what, const std::string& agent, Amount amount) {
  char line[96];
  const int size = std::snprintf(line, sizeof(line), "%c %s %lld\n", what, agent.c_str(),
                                 static_cast<long long>(amount.units()));
  if (write(STDOUT_FILENO, line, static_cast<size_t>(size)) != size) std::_Exit(1);
}

[[noreturn]] void Give(const Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  std::_Exit(1);
}

class Life {
 public:
  explicit Life(store::Store& store) : store_(store) {
    auto opened = Treasury::Open(store, 1, SpendersTerms(), {});
    if (!opened) Give(opened.error());
    treasury_ = *std::move(opened);
    const auto rows = ReadRows(store);
    if (!rows) Give(rows.error());
    for (const ledger::HoldingRecord& holding : rows->holdings)
      counters_[holding.holder.agent] = holding.counters;
    for (int i = 0; i < kSpenders; ++i) {
      const std::string agent = SpenderName(i);
      treasury_->Greet({agent, 1}, 1, ReportOf(agent), WallNow());
      counters_.try_emplace(agent);
    }
  }

  [[noreturn]] void Go() {
    for (uint64_t turn = 1;; ++turn) Turn(turn);
  }

 private:
  limits::Return ReportOf(const std::string& agent) {
    const limits::Counters& counters = counters_[agent];
    if (counters == limits::Counters()) return {};
    return {.recall = 0, .held = {{"usd", limits::kAlways, counters}}};
  }

  void Turn(uint64_t turn) {
    store::Change change;
    std::vector<Settlement> settlements;
    for (auto& [agent, counters] : counters_) {
      limits::Demand demand{.number = turn, .at = WallNow(), .claims = {}};
      limits::Claim& claim = demand.claims.emplace_back();
      claim.account = "usd";
      claim.amount = Amount(static_cast<int64_t>(random_() % 50) + 1);
      claim.window = limits::kAlways;
      claim.granted = counters.granted;
      claim.returned = counters.returned;
      treasury_->Ask({agent, 1}, demand);
      const Amount spare = counters.granted - counters.returned - counters.used;
      if (spare <= Amount()) continue;
      const Amount spent(static_cast<int64_t>(random_()) % (spare.units() + 1));
      settlements.push_back(Spend(agent, counters, spent, change));
      const Amount back(static_cast<int64_t>(random_()) % ((spare - spent).units() + 1));
      counters.returned += back;
      treasury_->GiveBack({agent, 1}, ReportOf(agent));
    }
    Commit(settlements, change);
  }

  Settlement Spend(const std::string& agent, limits::Counters& counters, Amount spent,
                   store::Change& change) {
    counters.used += spent;
    const auto stored = store_.FindChain(agent, 1);
    if (!stored) Give(stored.error());
    store::Writer writer = *stored ? store::Writer(**stored) : store::Writer(agent, 1);
    store::Change event =
        writer.Add({.kind = "outcome", .user = agent}, {.requests = 1, .nano_dollars = spent.units()}).Take();
    change.events.push_back(std::move(event.events.front()));
    change.chains.push_back(std::move(event.chains.front()));
    return {{agent, 1}, {{"usd", limits::kAlways, spent, spent, counters.used}}};
  }

  void Commit(std::vector<Settlement>& settlements, store::Change& change) {
    if (const Status prepared = treasury_->Prepare(settlements, change); !prepared) Give(prepared.error());
    auto receipt = change.empty() ? Result<store::Receipt>(store::Receipt()) : store_.Commit(change);
    if (!receipt) Give(receipt.error());
    for (const ledger::Message& message : treasury_->Committed(*receipt).messages) {
      for (const limits::Standing& standing : message.answer.standings) {
        limits::Counters& counters = counters_[message.to.agent];
        counters.granted = std::max(counters.granted, standing.granted);
        Say('g', message.to.agent, standing.granted);
      }
    }
    for (const auto& [agent, counters] : counters_) Say('r', agent, counters.returned);
    for (const Settlement& settlement : settlements)
      Say('s', settlement.holder.agent, settlement.charges.front().used);
  }

  store::Store& store_;
  std::unique_ptr<Treasury> treasury_;
  std::map<std::string, limits::Counters> counters_;
  std::minstd_rand random_{static_cast<uint32_t>(::getpid())};
};

int Run(const std::string& directory, const std::shared_ptr<kv::Faults>& faults) {
  auto opened = store::OpenRocksStore({.directory = directory, .faults = faults});
  if (!opened) Give(opened.error());
  Life(**opened).Go();
}

}  // namespace
}  // namespace postern::treasury

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const bool hold_unsynced = argc > 2 && std::string_view(argv[2]) == "--hold-unsynced";
  return postern::treasury::Run(argv[1],
                                hold_unsynced ? std::make_shared<postern::kv::Faults>(true) : nullptr);
}
